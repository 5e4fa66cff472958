import { GatewayError } from '../../model/errors.ts'
import {
  countsAction,
  type CaseFacts,
  type ModerationAction,
  type ModerationRequest,
  type ModeratorFacts,
} from '../../policy/moderation/vocabulary.ts'
import { numberColumn } from '../../sqlite/row.ts'
import type { CaseRow } from './case-row.ts'
import type { KnownCase } from './case-log.ts'
import type { CaseParts } from './case-parts.ts'
import { holderAt } from './case-state.ts'
import { memberOf, type Actor, type Moderator } from './team.ts'
import { triage } from './triage.ts'

/** What beside the case and the actor a decision of the policies may depend on. */
export interface Asked {
  readonly action: ModerationAction
  readonly purpose?: string
  readonly irreversible?: boolean
  /** Where a decision takes effect for the one who proposed it. */
  readonly approver?: string
  /** Whoever proposed holds the case until it is approved. */
  readonly holder?: string
}

/** Something to look at that no case is about, by what it is said to be. */
export interface Matter {
  readonly id: string
  readonly category: string
  /** A URI. */
  readonly subject: string
}

/** What policies say to moderators. */
export interface Access {
  /** Throws `moderator-unknown`, `moderation-denied` and, for a case that the actor may not know of, `not-found`. */
  demand(actor: Actor, asked: ModerationAction | Asked, known: KnownCase): Moderator
  /** Whether policies allow it. Throws `moderator-unknown`. */
  allows(actor: Actor, action: ModerationAction, known: KnownCase): boolean
  /** What was counted of all cases. Throws `moderator-unknown`, `moderation-denied`. */
  demandCounts(actor: Actor): void
  /** For what is no case of ours. Throws `moderator-unknown`, `moderation-denied`. */
  demandFor(actor: Actor, action: ModerationAction, matter: Matter): void
  /** Whether the actor may see that the case exists. Throws `moderator-unknown`. */
  mayView(actor: Actor, row: CaseRow): boolean
}

export function createAccess(parts: CaseParts): Access {
  const { engine, clock } = parts
  const decide = (
    member: Moderator,
    { mfa, action, purpose = '' }: { mfa: boolean; action: ModerationAction; purpose?: string },
    facts: CaseFacts,
  ) =>
    engine.decide({
      principal: factsOf(parts, member, action),
      action,
      resource: facts,
      context: { mfa, purpose },
    })

  return {
    demand: (actor, question, known) => {
      const asked: Asked = typeof question === 'string' ? { action: question } : question
      const member = memberOf(parts.team(), actor.name)
      const facts = caseFacts(known, member, { ...asked, nowMs: clock() })
      const { mfa } = actor
      const { action, purpose = '' } = asked
      const answer = decide(member, { mfa, action, purpose }, facts)
      if (answer.decision === 'allow') return member
      // Whoever may not even see the case must not learn from a refusal that there is one.
      if (facts.accused !== undefined || !OFFICES.has(action)) {
        const view = decide(member, { mfa, action: 'view' }, facts)
        if (view.decision === 'deny') throw new GatewayError('not-found')
      }
      throw denied(action, answer.policies)
    },
    allows: ({ name, mfa }, action, known) => {
      const member = memberOf(parts.team(), name)
      const facts = caseFacts(known, member, { action, nowMs: clock() })
      return decide(member, { mfa, action }, facts).decision === 'allow'
    },
    demandCounts: ({ name, mfa }) => {
      const member = memberOf(parts.team(), name)
      const answer = engine.decide({
        principal: factsOf(parts, member, countsAction),
        action: countsAction,
        context: { mfa, purpose: '' },
      })
      if (answer.decision === 'allow') return
      throw new GatewayError('moderation-denied', {
        facts: { action: countsAction, policies: answer.policies.join(' ') },
      })
    },
    demandFor: ({ name, mfa }, action, matter) => {
      const member = memberOf(parts.team(), name)
      const answer = decide(member, { mfa, action }, matterFacts(matter, member))
      if (answer.decision === 'deny') throw denied(action, answer.policies)
    },
    mayView: ({ name, mfa }, row) => {
      const member = memberOf(parts.team(), name)
      const facts = rowFacts(row, member)
      return decide(member, { mfa, action: 'view' }, facts).decision === 'allow'
    },
  }
}

function caseFacts(
  { row, state }: KnownCase,
  member: Moderator,
  asked: Asked & { readonly nowMs: number },
): CaseFacts {
  return {
    ...rowFacts(row, member),
    legalHold: state.held,
    irreversible: asked.irreversible ?? false,
    holder: asked.holder ?? holderAt(state, asked.nowMs),
    decider: state.decision?.by,
    approver: asked.approver ?? state.decision?.approver,
  }
}

function rowFacts({ id, queue, held, subject, reports }: CaseRow, member: Moderator): CaseFacts {
  return {
    id,
    queue,
    childSafety: queue === 'child-safety',
    // Nobody knows what a sealed report shows until it is opened.
    media: reports > 0,
    legalHold: held,
    irreversible: false,
    accused: member.accounts.includes(subject) ? member.name : undefined,
  }
}

/** Nobody knows what it shows until it is opened. */
function matterFacts({ id, category, subject }: Matter, member: Moderator): CaseFacts {
  const { queue } = triage(category)
  return {
    id,
    queue,
    childSafety: queue === 'child-safety',
    media: true,
    legalHold: false,
    irreversible: false,
    accused: member.accounts.includes(subject) ? member.name : undefined,
  }
}

function denied(action: ModerationAction, policies: readonly string[]): GatewayError {
  return new GatewayError('moderation-denied', { facts: { action, policies: policies.join(' ') } })
}

function factsOf(
  { store, settings, clock }: CaseParts,
  { name, roles, queues }: Moderator,
  action: ModerationRequest['action'],
): ModeratorFacts {
  const { exposuresPerDay, exposuresPerHour } = settings()
  // Only these depend on it.
  if (action !== 'viewEvidence' && action !== 'viewForwarded')
    return { name, roles, queues, exposuresLeft: exposuresPerDay, onBreak: false }
  const nowMs = clock()
  const exposures = (sinceMs: number) => {
    const row = store.get(EXPOSURES, [name, nowMs - sinceMs, name, nowMs - sinceMs])
    return row === undefined ? 0 : numberColumn(row, 'cases')
  }
  return {
    name,
    roles,
    queues,
    exposuresLeft: exposuresPerDay - exposures(DAY_MS),
    onBreak: exposures(HOUR_MS) >= exposuresPerHour,
  }
}

/** What those do who work no queue. */
const OFFICES: ReadonlySet<ModerationAction> = new Set(['setHold', 'exportCase', 'deleteEvidence'])
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** The same case or notice twice is one exposure. */
const EXPOSURES = `SELECT (SELECT count(DISTINCT case_id) FROM case_events
    WHERE actor = ? AND kind = 'evidence-opened' AND at_ms > ?)
  + (SELECT count(*) FROM (SELECT DISTINCT provider, notice FROM notice_openings
    WHERE actor = ? AND at_ms > ?)) AS cases`
