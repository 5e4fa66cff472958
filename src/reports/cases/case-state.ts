/** What a decision finds, in classes that a reporter may learn. */
export const outcomes = ['action', 'no-action', 'not-verified', 'unfounded'] as const
export type Outcome = (typeof outcomes)[number]

/** What happens to a case. Nothing else changes it, and nothing that happened is changed. */
export type CaseHappening =
  | { readonly kind: 'opened' }
  | { readonly kind: 'claimed'; readonly untilMs: number }
  | { readonly kind: 'renewed'; readonly untilMs: number }
  | { readonly kind: 'released'; readonly note: string }
  | {
      readonly kind: 'handed-over'
      readonly to: string
      readonly untilMs: number
      readonly note: string
    }
  | {
      readonly kind: 'evidence-opened'
      readonly report: string
      /** Where it was opened for an attachment; both from 1. */
      readonly attachment?: { readonly message: number; readonly part: number } | undefined
    }
  | { readonly kind: 'reporters-viewed'; readonly purpose: string }
  /** Evidence was given to an authority. */
  | {
      readonly kind: 'disclosed'
      readonly report: string
      readonly authority: string
      readonly basis: string
      readonly policies: readonly string[]
    }
  /** A decision that takes effect only when a second person agrees. */
  | { readonly kind: 'proposed'; readonly decision: string; readonly outcome: Outcome }
  | { readonly kind: 'approved' }
  | { readonly kind: 'rejected'; readonly note: string }
  | { readonly kind: 'decided'; readonly decision: string; readonly outcome: Outcome }
  | { readonly kind: 'undone'; readonly note: string }
  | { readonly kind: 'appealed'; readonly appeal: string }
  | { readonly kind: 'appeal-decided'; readonly upheld: boolean }
  | { readonly kind: 'closed' }
  /** A verified report came in after nothing had been done about those that could not be verified. */
  | { readonly kind: 'reopened'; readonly report: string }
  /** Something was made of a decision for somebody outside. */
  | {
      readonly kind: 'exported'
      readonly format: ExportFormat
      readonly decision: string
      /** What others know it by. */
      readonly reference: string
    }
  | { readonly kind: 'hold-set'; readonly note: string }
  | { readonly kind: 'hold-lifted'; readonly note: string }

/** Documents that leave the house: docs/exports.md. */
export const exportFormats = ['dsa', 'xarf', 'arf'] as const
export type ExportFormat = (typeof exportFormats)[number]

export type CaseEvent = CaseHappening & {
  readonly atMs: number
  /** A moderator's name, or `gateway`, or `subject`. */
  readonly by: string
}

export type CasePhase = 'open' | 'claimed' | 'proposed' | 'decided' | 'appealed' | 'closed'

export interface CaseState {
  /** `claimed` holds only while the lease runs: see `phaseAt`. */
  readonly phase: CasePhase
  /** How many events there are. */
  readonly version: number
  readonly lease: Lease | undefined
  /** Proposed, or taken. */
  readonly decision: DecisionMark | undefined
  readonly appeal: { readonly id: string } | undefined
  readonly appealDecided: { readonly upheld: boolean; readonly atMs: number } | undefined
  readonly held: boolean
}

export interface Lease {
  readonly holder: string
  readonly untilMs: number
}

export interface DecisionMark {
  readonly id: string
  readonly by: string
  readonly outcome: Outcome
  readonly approver: string | undefined
  readonly atMs: number
}

/** Why an event cannot happen: one of our error codes. */
export type Refusal =
  | 'case-claimed'
  | 'claim-required'
  | 'lease-expired'
  | 'case-state'
  | 'appeal-refused'
  | 'moderation-denied'

export type Advance =
  | { readonly kind: 'advanced'; readonly state: CaseState }
  | { readonly kind: 'refused'; readonly code: Refusal }

/**
 * The state after an event, or why it cannot happen: open → claimed → (proposed →) decided → (appealed →)
 * closed. The one place that knows; time comes with the event.
 */
export function advance(state: CaseState | undefined, event: CaseEvent): Advance {
  if (state === undefined)
    return event.kind === 'opened' ? advanced({ ...FRESH, version: 1 }) : refused('case-state')
  const change = changeOf(state, event)
  if (typeof change === 'string') return refused(change)
  return advanced({ ...state, ...change, version: state.version + 1 })
}

/** The phase at a time: a lease that has run out holds nobody off. */
export function phaseAt({ phase, lease }: CaseState, nowMs: number): CasePhase {
  return phase === 'claimed' && lease !== undefined && lease.untilMs <= nowMs ? 'open' : phase
}

/** Who holds the lease at a time. */
export function holderAt(state: CaseState, nowMs: number): string | undefined {
  return phaseAt(state, nowMs) === 'claimed' ? state.lease?.holder : undefined
}

/** Whether a moderator holds the lease at a time. */
export function isHeldBy(state: CaseState, name: string, nowMs: number): boolean {
  return holderAt(state, nowMs) === name
}

/** How long a decision can be appealed against, in ms: a little over six months. */
export const APPEAL_WINDOW_MS = 184 * 86_400_000

type Change = Partial<CaseState> | Refusal

function changeOf(state: CaseState, event: CaseEvent): Change {
  switch (event.kind) {
    case 'opened':
      return 'case-state'
    case 'claimed':
    case 'renewed':
    case 'released':
    case 'handed-over':
    case 'evidence-opened':
      return leaseChange(state, event)
    case 'proposed':
    case 'approved':
    case 'rejected':
    case 'decided':
    case 'undone':
      return decisionChange(state, event)
    case 'appealed':
    case 'appeal-decided':
    case 'closed':
    case 'reopened':
      return laterChange(state, event)
    case 'reporters-viewed':
    case 'exported':
    case 'disclosed':
      return {}
    case 'hold-set':
      return state.held ? 'case-state' : { held: true }
    case 'hold-lifted':
      return state.held ? { held: false } : 'case-state'
  }
}

type OfKind<Kind extends CaseEvent['kind']> = Extract<CaseEvent, { kind: Kind }>

function leaseChange(
  state: CaseState,
  event: OfKind<'claimed' | 'renewed' | 'released' | 'handed-over' | 'evidence-opened'>,
): Change {
  if (event.kind === 'claimed') {
    const phase = phaseAt(state, event.atMs)
    if (phase === 'claimed') return 'case-claimed'
    if (phase !== 'open') return 'case-state'
    return { phase: 'claimed', lease: { holder: event.by, untilMs: event.untilMs } }
  }
  const missing = missingLease(state, event)
  if (missing !== undefined) return missing
  switch (event.kind) {
    case 'renewed':
      return { lease: { holder: event.by, untilMs: event.untilMs } }
    case 'released':
      return { phase: 'open', lease: undefined }
    case 'handed-over':
      return { lease: { holder: event.to, untilMs: event.untilMs } }
    case 'evidence-opened':
      return {}
  }
}

function decisionChange(
  state: CaseState,
  event: OfKind<'proposed' | 'approved' | 'rejected' | 'decided' | 'undone'>,
): Change {
  const { decision, phase } = state
  const { by, atMs } = event
  switch (event.kind) {
    case 'proposed':
    case 'decided': {
      const taken = { id: event.decision, by, outcome: event.outcome, approver: undefined, atMs }
      return missingLease(state, event) ?? { phase: event.kind, lease: undefined, decision: taken }
    }
    case 'approved':
      if (phase !== 'proposed' || decision === undefined) return 'case-state'
      if (decision.by === by) return 'moderation-denied'
      return { phase: 'decided', decision: { ...decision, approver: by, atMs } }
    case 'rejected':
      if (phase !== 'proposed') return 'case-state'
      return { phase: 'open', decision: undefined }
    case 'undone':
      if (phase !== 'decided') return 'case-state'
      return { phase: 'open', decision: undefined }
  }
}

function laterChange(
  state: CaseState,
  event: OfKind<'appealed' | 'appeal-decided' | 'closed' | 'reopened'>,
): Change {
  const { phase, decision } = state
  switch (event.kind) {
    case 'appealed':
      if (phase !== 'decided' || decision?.outcome !== 'action') return 'appeal-refused'
      if (event.atMs >= decision.atMs + APPEAL_WINDOW_MS) return 'appeal-refused'
      return { phase: 'appealed', appeal: { id: event.appeal } }
    case 'appeal-decided':
      if (phase !== 'appealed') return 'case-state'
      if (decision?.by === event.by || decision?.approver === event.by) return 'moderation-denied'
      return { phase: 'closed', appealDecided: { upheld: event.upheld, atMs: event.atMs } }
    case 'closed':
      if (phase !== 'decided' || decision === undefined) return 'case-state'
      // While there may still be an appeal, the case stays open to it.
      if (decision.outcome === 'action' && event.atMs < decision.atMs + APPEAL_WINDOW_MS)
        return 'case-state'
      return { phase: 'closed' }
    case 'reopened':
      if (phase !== 'decided' && phase !== 'closed') return 'case-state'
      // What was done stands, and is taken back by people only.
      if (decision === undefined || decision.outcome === 'action') return 'case-state'
      return { phase: 'open', decision: undefined }
  }
}

/** Why whoever acts does not hold the lease; undefined where they do. */
function missingLease({ phase, lease }: CaseState, { by, atMs }: CaseEvent): Refusal | undefined {
  if (phase !== 'claimed' && phase !== 'open') return 'case-state'
  if (lease === undefined || phase === 'open') return 'claim-required'
  const isOver = lease.untilMs <= atMs
  if (lease.holder !== by) return isOver ? 'claim-required' : 'case-claimed'
  return isOver ? 'lease-expired' : undefined
}

function advanced(state: CaseState): Advance {
  return { kind: 'advanced', state }
}

function refused(code: Refusal): Advance {
  return { kind: 'refused', code }
}

const FRESH: CaseState = {
  phase: 'open',
  version: 0,
  lease: undefined,
  decision: undefined,
  appeal: undefined,
  appealDecided: undefined,
  held: false,
}
