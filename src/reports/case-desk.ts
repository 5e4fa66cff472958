import { GatewayError } from '../model/errors.ts'
import type { Appeals } from './appeals/appeals.ts'
import { createAppeals } from './appeals/appeals.ts'
import { createAccess } from './cases/access.ts'
import {
  countQueues,
  listCases,
  relatedCases,
  type CaseFilter,
  type QueueCount,
} from './cases/case-list.ts'
import {
  createCaseAttachment,
  type AttachmentPorts,
  type CaseAttachment,
} from './cases/case-attachments.ts'
import { append, caseOf, type KnownCase } from './cases/case-log.ts'
import type { CaseParts, CaseSettings } from './cases/case-parts.ts'
import { detailOf, summaryOf, type CaseDetail, type CaseSummary } from './cases/case-view.ts'
import {
  openCaseEvidence,
  viewReporters,
  type ShownEvidence,
  type ShownReporter,
} from './cases/exposure.ts'
import { createDisclosures, type Disclosures } from './cases/disclosures.ts'
import { feedbackOf, findingOf, type CaseFinding, type ReportFeedback } from './cases/feedback.ts'
import { joinAll, joinReport } from './cases/join-report.ts'
import { createLeases, type Leases } from './cases/leases.ts'
import { createNoticeOpenings, type NoticeOpenings } from './cases/notice-openings.ts'
import { deleteCase, deletionsOf, sweepCases, type Deletion } from './cases/retention.ts'
import { createTakingOut, type TakingOut } from './cases/taking-out.ts'
import type { Actor, Moderator } from './cases/team.ts'
import { createBulk, type Bulk } from './decisions/bulk.ts'
import { createDecisions, type Decisions } from './decisions/decisions.ts'
import { createSanctionOutbox, type SanctionOutbox } from './decisions/sanction-outbox.ts'
import type { OpeningKeys, ReportDesk } from './report-desk.ts'

/** Who works on cases, and how. */
export interface Moderation {
  readonly team: readonly Moderator[]
  readonly settings: CaseSettings
}

export interface CaseDeskOptions extends Omit<CaseParts, 'team' | 'settings'> {
  readonly moderation: Moderation
  readonly reports: Pick<ReportDesk, 'show'>
  readonly keys: OpeningKeys
  readonly attachments: AttachmentPorts
  /** Told whenever somebody opens a sealed report. */
  readonly onOpened: (report: string) => void
}

/** Where moderators work: cases made of reports, leases, decisions, appeals, holds and deletion. */
export interface CaseDesk {
  /** Puts a stored report into its case; undefined for an unknown report. Throws `store-unavailable`. */
  join(report: string): Promise<string | undefined>
  /** Cases that the actor may see. Throws `moderator-unknown`, `malformed-request`. */
  list(actor: Actor, filter: CaseFilter): CaseListing
  queues(actor: Actor): readonly QueueCount[]
  /** Throws `not-found`, `moderator-unknown`. */
  show(actor: Actor, id: string): CaseDetail
  readonly leases: Leases
  evidence(
    actor: Actor,
    asked: { readonly id: string; readonly report: string | undefined },
  ): Promise<ShownEvidence>
  readonly attachment: CaseAttachment
  reporters(
    actor: Actor,
    asked: { readonly id: string; readonly purpose: string },
  ): Promise<readonly ShownReporter[]>
  readonly noticeOpenings: NoticeOpenings
  readonly disclosures: Disclosures
  readonly decisions: Decisions
  readonly bulk: Bulk
  readonly appeals: Appeals
  /** For what leaves the house. */
  readonly takingOut: TakingOut
  /** Sets or lifts a legal hold. Throws `moderation-denied`, `case-state` where it is so already. */
  hold(actor: Actor, id: string, hold: LegalHold): Promise<KnownCase>
  /** Deletes a case and its evidence before its time. Throws `moderation-denied`, `not-found`, `case-state`. */
  delete(actor: Actor, id: string): Promise<Deletion>
  readonly deletions: (limit: number) => readonly Deletion[]
  /** For whoever holds the receipt of a report. */
  readonly feedback: (report: string) => ReportFeedback | undefined
  /** For whoever asks where a report may go. */
  readonly findingOf: (report: string) => CaseFinding
  /**
   * What does not wait for anybody: lost reports join, waiting sanctions go out, old cases go. None of it
   * hinders the rest by failing.
   */
  tend(): Promise<Tended>
  /** Hands on sanctions that wait. Resolves to how many. */
  readonly emit: () => Promise<number>
  /** Another team and settings from now on. */
  readonly reconfigure: (moderation: Moderation) => void
}

export interface CaseListing {
  readonly cases: readonly CaseSummary[]
  readonly next: string | undefined
}

export interface LegalHold {
  readonly set: boolean
  /** Why, in plain text. */
  readonly note: string
}

export interface Tended {
  readonly joined: number
  readonly emitted: number
  readonly deleted: readonly Deletion[]
  /** What failed of it: at most one of each kind, and it is tried again the next time. */
  readonly faults: readonly unknown[]
}

export function createCaseDesk(options: CaseDeskOptions): CaseDesk {
  let { moderation } = options
  return deskOf(
    { ...options, team: () => moderation.team, settings: () => moderation.settings },
    (next) => {
      moderation = next
    },
  )
}

function deskOf(
  options: CaseParts & Pick<CaseDeskOptions, 'reports' | 'keys' | 'attachments' | 'onOpened'>,
  reconfigure: CaseDesk['reconfigure'],
): CaseDesk {
  const { store, clock } = options
  const access = createAccess(options)
  const outbox = createSanctionOutbox(store, options.sanctions)
  const leases = createLeases(options, access)
  const decisions = createDecisions(options, { access, outbox })
  return {
    reconfigure,
    emit: () => outbox.flush(),
    join: (report) => joinReport(options, report),
    list: (actor, filter) => {
      const { cases, next } = listCases(options, access, { actor, filter })
      const nowMs = clock()
      return { cases: cases.map((row) => summaryOf(row, nowMs)), next }
    },
    queues: (actor) => countQueues(options, actor),
    show: (actor, id) => {
      const known = caseOf(store, id)
      access.demand(actor, 'view', known)
      const related = relatedCases(options, access, { actor, row: known.row })
      return detailOf(store, known, { nowMs: clock(), related })
    },
    leases,
    evidence: (actor, asked) => openCaseEvidence({ ...options, access }, actor, asked),
    attachment: createCaseAttachment({ ...options, access }, options.attachments),
    reporters: (actor, asked) => viewReporters({ ...options, access }, actor, asked),
    noticeOpenings: createNoticeOpenings(options, access),
    disclosures: createDisclosures(options, access),
    decisions,
    bulk: createBulk(options, { access, leases, decisions }),
    appeals: createAppeals(options, { access, outbox }),
    takingOut: createTakingOut(options, access),
    hold: (actor, id, { set, note }) =>
      append(store, id, (known) => {
        access.demand(actor, 'setHold', known)
        const kind = set ? ('hold-set' as const) : ('hold-lifted' as const)
        return { event: { kind, note, atMs: clock(), by: actor.name } }
      }),
    delete: async (actor, id) => {
      const known = caseOf(store, id)
      access.demand(actor, 'deleteEvidence', known)
      const record = { atMs: clock(), class: 'asked', by: actor.name }
      const deletion = await deleteCase(store, known, record)
      if (deletion === undefined) throw new GatewayError('case-state')
      return deletion
    },
    deletions: (limit) => deletionsOf(store, limit),
    feedback: (report) => feedbackOf(options, report),
    findingOf: (report) => findingOf(options, report),
    tend: () => tend(options, outbox),
  }
}

/** Each by itself: what is promised to be deleted goes, whatever else fails. */
async function tend(parts: CaseParts, outbox: SanctionOutbox): Promise<Tended> {
  const faults: unknown[] = []
  const attempt = async <T>(work: Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await work
    } catch (error) {
      faults.push(error)
      return otherwise
    }
  }
  const joined = await attempt(joinAll(parts), 0)
  const emitted = await attempt(outbox.flush(), 0)
  const deleted = await attempt(sweepCases(parts), [])
  return { joined, emitted, deleted, faults }
}
