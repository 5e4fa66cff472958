import type {
  Answer,
  ClientMaterial,
  GroupInfoOutcome,
  IdentifierQueryOutcome,
  KeyMaterialOutcome,
  StatusOutcome,
  UpdateOutcome,
} from '../model/answer.ts'
import type { Randomness } from '../model/clock.ts'
import type { ErrorCode } from '../model/errors.ts'
import type { Frank } from '../model/exchange.ts'
import { showAttested } from './attested.ts'
import { inRandomOrder, wholeBuckets } from './choose.ts'
import type { GrantedPlan, PlanCell } from './plan.ts'
import { dropUnknown, showKeyPackages, showNote, showReporter } from './request-edits.ts'
import { showEventTime, showInJournal, showOutcome, showPeer } from './journal-view.ts'

/**
 * Every transform, by name. Each takes what there is and gives back what is shown of it, so that a
 * proof can put the identity in its place: src/proof/without.ts.
 */
export const transforms = {
  maskUserStatus,
  maskRoomStatus,
  maskRoomPresence,
  maskQueryStatus,
  maskConsentStatus,
  maskErrorText,
  hideProfileFields,
  hideUnknownComponents,
  shuffleClients,
  reduceClients,
  bucketTime,
  showFrank,
  showReporter,
  showNote,
  showKeyPackages,
  dropUnknown,
  showAttested,
  showInJournal,
  showOutcome,
  showPeer,
  showEventTime,
} as const
export type Transforms = typeof transforms
export type TransformName = keyof Transforms

export function isTransformName(name: string): name is TransformName {
  return Object.hasOwn(transforms, name)
}

/** What the transforms of an answer need beside the plan. */
export interface AnswerTools {
  readonly transforms: Transforms
  readonly randomness: Randomness
}

/**
 * The answer as the plan shows it: status oracles masked, error texts emptied, client lists cut.
 * Returns the same value where nothing changes, so that its original bytes can pass.
 */
export function transformAnswer(
  answer: Answer,
  { response }: Pick<GrantedPlan, 'response'>,
  { transforms: use, randomness }: AnswerTools,
): Answer {
  const hidesExistence = isHidden(response['user.existence'])
  switch (answer.operation) {
    case 'keyMaterial': {
      const masked = hidesExistence ? use.maskUserStatus(answer.outcome) : answer.outcome
      const cell = response['client.list']
      if (cell === undefined || !isLowered(cell)) return replace(answer, masked)
      const shuffled = use.shuffleClients(masked, randomness)
      return replace(answer, use.reduceClients(shuffled, cell))
    }
    case 'groupInfo':
      return replace(answer, hidesExistence ? use.maskRoomStatus(answer.outcome) : answer.outcome)
    case 'identifierQuery': {
      const known = use.hideUnknownComponents(answer.outcome)
      const masked = hidesExistence ? use.maskQueryStatus(known) : known
      const outcome = isHidden(response['contact.profile']) ? use.hideProfileFields(masked) : masked
      return replace(answer, outcome)
    }
    case 'requestConsent':
    case 'updateConsent':
      return replace(
        answer,
        hidesExistence ? use.maskConsentStatus(answer.outcome) : answer.outcome,
      )
    case 'update':
      return replace(
        answer,
        isHidden(response['error.detail']) ? use.maskErrorText(answer.outcome) : answer.outcome,
      )
    case 'submitMessage':
    case 'notify':
    case 'reportAbuse':
      return answer
  }
}

/** The answer with every status masked that tells who or what exists. */
export function maskStatus(answer: Answer): Answer {
  switch (answer.operation) {
    case 'keyMaterial':
      return replace(answer, maskUserStatus(answer.outcome))
    case 'groupInfo':
      return replace(answer, maskRoomStatus(answer.outcome))
    case 'identifierQuery':
      return replace(answer, maskQueryStatus(answer.outcome))
    case 'requestConsent':
    case 'updateConsent':
      return replace(answer, maskConsentStatus(answer.outcome))
    case 'update':
    case 'submitMessage':
    case 'notify':
    case 'reportAbuse':
      return answer
  }
}

/** Whether the plan keeps a field that the gateway writes from its audience. */
export function isHidden(cell: PlanCell | undefined): boolean {
  return cell !== undefined && cell.enforcement === 'edited' && cell.shown === 'absent'
}

/** `userUnknown`, `noConsentForThisRoom` and `userDeleted` become `noConsent`. */
export function maskUserStatus(outcome: KeyMaterialOutcome): KeyMaterialOutcome {
  switch (outcome.kind) {
    case 'userUnknown':
    case 'noConsentForThisRoom':
    case 'userDeleted':
      return { kind: 'noConsent', user: outcome.user, clients: [] }
    case 'success':
    case 'partialSuccess':
    case 'incompatibleProtocol':
    case 'noCompatibleMaterial':
    case 'noConsent':
      return outcome
  }
}

/** `noSuchRoom` becomes `notAuthorized`. */
export function maskRoomStatus(outcome: GroupInfoOutcome): GroupInfoOutcome {
  return outcome.kind === 'noSuchRoom' ? { kind: 'notAuthorized' } : outcome
}

/** What tells whether a room is there becomes what is said to whoever is not in it. */
function maskRoomPresence(_code: ErrorCode): ErrorCode {
  return 'not-a-participant'
}

/** Every reason that depends on who exists becomes `notFound`. */
export function maskQueryStatus(outcome: IdentifierQueryOutcome): IdentifierQueryOutcome {
  return outcome.kind === 'ambiguous' || outcome.kind === 'forbidden'
    ? { ...outcome, kind: 'notFound' }
    : outcome
}

/** Found profiles keep their stable URI and nothing else; an answer that found nobody names nobody. */
export function hideProfileFields(outcome: IdentifierQueryOutcome): IdentifierQueryOutcome {
  return { ...outcome, profileFields: 'withheld' }
}

/** Extension components that no field stands for do not pass. */
export function hideUnknownComponents(outcome: IdentifierQueryOutcome): IdentifierQueryOutcome {
  return outcome.unknownComponents === 'present'
    ? { ...outcome, unknownComponents: 'withheld' }
    : outcome
}

/** A consent for an unknown user is answered like any other. */
export function maskConsentStatus(outcome: StatusOutcome): StatusOutcome {
  return outcome.kind === 'notFound' ? { kind: 'accepted' } : outcome
}

/** Empties the text; codes and epochs stay. */
export function maskErrorText(outcome: UpdateOutcome): UpdateOutcome {
  return outcome.errorDescription === '' ? outcome : { ...outcome, errorDescription: '' }
}

/** The clients in a random order that does not depend on the one in which they came. */
export function shuffleClients(
  outcome: KeyMaterialOutcome,
  randomness: Randomness,
): KeyMaterialOutcome {
  if (outcome.clients.length < 2) return outcome
  return { ...outcome, clients: inRandomOrder(outcome.clients, randomness) }
}

/**
 * Shows a client list in the form of its cell: `bucket` as many usable clients as whole buckets hold
 * (one where there is less than a bucket), never saying whether that is all of them; `absent` none.
 */
export function reduceClients(outcome: KeyMaterialOutcome, cell: PlanCell): KeyMaterialOutcome {
  const { kind, user } = outcome
  if (cell.shown === 'exact' || outcome.clients.length === 0) return outcome
  if (cell.shown === 'absent') return { kind: 'noConsent', user, clients: [] }
  const usable = outcome.clients.filter((client: ClientMaterial) => client.status === 'success')
  const clients = wholeBuckets(usable, cell.width)
  if (clients.length === 0) return { kind: 'noCompatibleMaterial', user, clients: [] }
  return { kind: kind === 'success' ? 'partialSuccess' : kind, user, clients }
}

/** The start of the bucket of `widthMs` that a time falls in; a width of 0 or 1 keeps the time. */
export function bucketTime(timeMs: number, widthMs: number): number {
  return timeMs - (timeMs % Math.max(1, widthMs))
}

/** The stamp of the hub, for those to whom the plan shows it. */
function showFrank(frank: Frank | undefined, cell: PlanCell | undefined): Frank | undefined {
  return cell?.shown === 'exact' ? frank : undefined
}

function isLowered({ enforcement, shown }: PlanCell): boolean {
  return enforcement === 'edited' && shown !== 'exact'
}

function replace<A extends Answer>(answer: A, outcome: A['outcome']): A {
  return outcome === answer.outcome ? answer : { ...answer, outcome }
}
