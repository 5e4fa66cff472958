import { createHash, randomBytes } from 'node:crypto'
import { GatewayError } from '../../src/model/errors.ts'
import { inverse, newSanctionId } from '../../src/model/sanctions.ts'
import type { Sanction, SanctionPort, SanctionRecord } from '../../src/model/sanctions.ts'
import { moderationEngine } from '../../src/policy/moderation/moderation-engine.ts'
import { openAttachment } from '../../src/reports/attachments/open-attachment.ts'
import { createCaseDesk, type CaseDesk } from '../../src/reports/case-desk.ts'
import type { CaseSettings } from '../../src/reports/cases/case-parts.ts'
import type { Actor, Moderator } from '../../src/reports/cases/team.ts'
import { moderationQueues } from '../../src/policy/moderation/vocabulary.ts'
import type { DecisionForm } from '../../src/reports/decisions/decision-form.ts'
import { newReportId } from '../../src/reports/report-id.ts'
import { createReportStore, type NewReport } from '../../src/reports/report-store.ts'
import type { Migration, Store } from '../../src/sqlite/store.ts'
import { checkedMessage } from './checked-message.ts'
import { acceptedMs, alice, room } from './franking.ts'
import { moderationPolicies } from './moderation-policies.ts'
import { openDesk, openingKey } from './reports.ts'

const engine = moderationEngine(moderationPolicies())

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

/** Carries sanctions out in memory, as the port says. */
export class MemorySanctions implements SanctionPort {
  readonly records = new Map<string, SanctionRecord>()
  /** While it is set, nothing can be applied. */
  down = false

  apply(sanction: Sanction): Promise<SanctionRecord> {
    if (this.down) return Promise.reject(new GatewayError('store-unavailable'))
    const record: SanctionRecord = {
      sanction,
      state: 'enforced-at-hub',
      note: undefined,
      updatedAtMs: sanction.issuedAtMs,
    }
    if (!this.records.has(sanction.id)) this.records.set(sanction.id, record)
    return Promise.resolve(this.records.get(sanction.id) ?? record)
  }

  undo(id: string): Promise<SanctionRecord> {
    const known = this.records.get(id)
    if (known === undefined) return Promise.reject(new GatewayError('not-found'))
    if (known.state === 'undone') return Promise.reject(new GatewayError('malformed-request'))
    this.records.set(id, { ...known, state: 'undone' })
    const issuedAtMs = known.updatedAtMs
    return this.apply(
      inverse(known.sanction, { id: newSanctionId(issuedAtMs, randomBytes), issuedAtMs }),
    )
  }

  /** `ban undone`, `unban enforced-at-hub`: in the order in which they came. */
  summary(): readonly string[] {
    return [...this.records.values()].map(({ sanction, state }) => `${sanction.kind} ${state}`)
  }
}

/** Works every queue and holds every role unless told otherwise. */
export function moderator(name: string, change: Partial<Moderator> = {}): Moderator {
  return {
    name,
    roles: ['moderator', 'lead', 'appeals', 'legal', 'privacy', 'child-safety'],
    queues: moderationQueues,
    languages: ['en'],
    accounts: [],
    ...change,
  }
}

export const ann: Actor = { name: 'ann', mfa: true }
export const bob: Actor = { name: 'bob', mfa: true }

export interface Cases {
  readonly desk: CaseDesk
  readonly store: Store
  readonly sanctions: MemorySanctions
  /** The time of everything; tests move it. */
  readonly time: { nowMs: number }
  readonly team: Moderator[]
  /** Reports whose evidence was opened. */
  readonly opened: readonly string[]
  /** Stores a report without its content and joins it; answers the ids of report and case. */
  readonly report: (change?: Partial<NewReport> & { words?: string }) => Promise<Reported>
  readonly reports: Awaited<ReturnType<typeof openDesk>>['desk']
  /** Another desk on the same store, as after a restart. */
  readonly again: () => CaseDesk
}

interface Reported {
  readonly report: string
  readonly case: string
}

/** A case desk of its own, with `ann` and `bob`, a minute after the reported messages. */
export async function openCases(
  change: Partial<CaseSettings> = {},
  more: readonly Migration[] = [],
): Promise<Cases> {
  const time = { nowMs: acceptedMs + 60_000 }
  const clock = () => time.nowMs
  const facts = { subjectForm: 'exact' } as const
  const { desk: reports, store } = await openDesk({ clock, facts, migrations: more })
  const sanctions = new MemorySanctions()
  const opened: string[] = []
  const team = [moderator('ann'), moderator('bob')]
  const settings: CaseSettings = {
    leaseMs: 600_000,
    exposuresPerDay: 40,
    exposuresPerHour: 20,
    secondPerson: ['retract'],
    ...change,
  }
  const open = () =>
    createCaseDesk({
      store,
      sanctions,
      engine,
      clock,
      reports,
      moderation: { team, settings },
      keys: () => openingKey,
      attachments: {
        fetch: () => Promise.reject(new GatewayError('attachment-unavailable')),
        open: (asked) => Promise.resolve(openAttachment(asked)),
      },
      onOpened: (report) => void opened.push(report),
      randomness: randomBytes,
    })
  const desk = open()
  const stored = createReportStore(store)
  return {
    desk,
    store,
    sanctions,
    time,
    team,
    reports,
    opened,
    again: open,
    report: async (fields = {}) => {
      const report = reportFields(time.nowMs, fields)
      const { id } = report
      await stored.insert(report)
      const joined = await desk.join(id)
      if (joined === undefined) throw new Error('not joined')
      return { report: id, case: joined }
    },
  }
}

/** A verified report of one message about alice, by a reporter of c.example. */
export function reportFields(
  nowMs: number,
  { words = 'words', ...change }: Partial<NewReport> & { words?: string } = {},
): NewReport {
  const { reporter = 'handle-1' } = change
  return {
    id: newReportId(nowMs, randomBytes),
    receivedAtMs: nowMs,
    room,
    provider: 'c.example',
    subject: alice,
    reporter,
    track: `track of ${reporter}`,
    category: 'harassment',
    messages: 1,
    result: 'verified',
    checked: [checkedMessage(messageId(words))],
    consentFlags: 0,
    reporterProof: 'none',
    digest: undefined,
    evidence: { keyId: 'key-1', encapsulation: Buffer.alloc(32), ciphertext: Buffer.alloc(16) },
    ...change,
  }
}

export function messageId(words: string): Buffer {
  return createHash('sha256').update(words).digest()
}

/** A ban for targeted insults. */
export function banForm(change: Partial<DecisionForm> = {}): DecisionForm {
  return {
    outcome: 'action',
    category: 'harassment.targeted',
    facts: 'Three messages insult the same person after she asked to stop.',
    ground: { kind: 'terms', reference: 'Section 4', explanation: 'Insults are not welcome.' },
    automation: { detection: false, decision: 'none' },
    territories: [],
    actions: [{ kind: 'ban' }],
    ...change,
  }
}

export function noActionForm(change: Partial<DecisionForm> = {}): DecisionForm {
  return banForm({ outcome: 'no-action', ground: undefined, actions: [], ...change })
}

/** A claimed case about alice. */
export async function claimed(cases: Cases, change: Parameters<Cases['report']>[0] = {}) {
  const { case: id } = await cases.report(change)
  await cases.desk.leases.claim(ann, id)
  return id
}

/** The code with which something is refused, and its reason where there is one; `done` where it is not. */
export async function refusal(work: Promise<unknown> | (() => unknown)): Promise<string> {
  try {
    await (typeof work === 'function' ? work() : work)
    return 'done'
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const { reason } = error.facts
    return typeof reason === 'string' ? `${error.code} ${reason}` : error.code
  }
}
