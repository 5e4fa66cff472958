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
import type { GrantedPlan, PlanCell } from './plan.ts'

/**
 * The answer as the plan shows it: status oracles masked, error texts emptied, client lists cut.
 * Returns the same value where nothing changes, so that its original bytes can pass.
 */
export function transformAnswer(answer: Answer, plan: GrantedPlan, randomness: Randomness): Answer {
  const { response } = plan
  const hidesExistence = isHidden(response['user.existence'])
  switch (answer.operation) {
    case 'keyMaterial': {
      const masked = hidesExistence ? maskUserStatus(answer.outcome) : answer.outcome
      const cell = response['client.list']
      const outcome =
        cell?.enforcement === 'edited' ? reduceClients(masked, cell, randomness) : masked
      return replace(answer, outcome)
    }
    case 'groupInfo':
      return replace(answer, hidesExistence ? maskRoomStatus(answer.outcome) : answer.outcome)
    case 'identifierQuery': {
      const masked = hidesExistence ? maskQueryStatus(answer.outcome) : answer.outcome
      const outcome = isHidden(response['contact.profile']) ? hideProfileFields(masked) : masked
      return replace(answer, outcome)
    }
    case 'requestConsent':
    case 'updateConsent':
      return replace(answer, hidesExistence ? maskConsentStatus(answer.outcome) : answer.outcome)
    case 'update':
      return replace(
        answer,
        isHidden(response['error.detail']) ? maskErrorText(answer.outcome) : answer.outcome,
      )
    case 'submitMessage':
    case 'notify':
    case 'reportAbuse':
      return answer
  }
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

/** Every reason that depends on who exists becomes `notFound`. */
export function maskQueryStatus(outcome: IdentifierQueryOutcome): IdentifierQueryOutcome {
  return outcome.kind === 'ambiguous' || outcome.kind === 'forbidden'
    ? { kind: 'notFound' }
    : outcome
}

/** Found profiles keep their stable URI and nothing else. */
export function hideProfileFields(outcome: IdentifierQueryOutcome): IdentifierQueryOutcome {
  return outcome.kind === 'success' ? { ...outcome, profileFields: 'withheld' } : outcome
}

/** A consent for an unknown user is answered like any other. */
export function maskConsentStatus(outcome: StatusOutcome): StatusOutcome {
  return outcome.kind === 'notFound' ? { kind: 'accepted' } : outcome
}

/** Empties the text; codes and epochs stay. */
export function maskErrorText(outcome: UpdateOutcome): UpdateOutcome {
  return outcome.errorDescription === '' ? outcome : { ...outcome, errorDescription: '' }
}

/**
 * Shows a client list in the form of its cell: `exact` as it is, `bucket` a random subset whose size
 * is a multiple of the width (one client where the list is shorter), `absent` no client at all.
 */
export function reduceClients(
  outcome: KeyMaterialOutcome,
  cell: PlanCell,
  randomness: Randomness,
): KeyMaterialOutcome {
  if (cell.shown === 'exact' || outcome.clients.length === 0) return outcome
  if (cell.shown === 'absent') return { kind: 'noConsent', user: outcome.user, clients: [] }
  const usable = outcome.clients.filter((client) => client.status === 'success')
  const width = Math.max(1, cell.width ?? 1)
  const kept = Math.max(1, usable.length - (usable.length % width))
  const clients = shuffle(usable, randomness).slice(0, kept)
  if (clients.length === 0)
    return { kind: 'noCompatibleMaterial', user: outcome.user, clients: outcome.clients }
  const cut = outcome.kind === 'success' && clients.length < outcome.clients.length
  return { kind: cut ? 'partialSuccess' : outcome.kind, user: outcome.user, clients }
}

/** A uniformly random order (Fisher-Yates, rejection sampling); the input stays. */
export function shuffle(
  clients: readonly ClientMaterial[],
  randomness: Randomness,
): readonly ClientMaterial[] {
  const order = [...clients]
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = randomBelow(last + 1, randomness)
    const moved = order[last]
    const swapped = order[other]
    if (moved === undefined || swapped === undefined) break
    order[last] = swapped
    order[other] = moved
  }
  return order
}

/**
 * The start of the bucket of `widthMs` in which `timeMs` lies, never before `previousMs`, so that
 * the times of a room stay monotonic when a width changes.
 */
export function bucketTime(timeMs: number, widthMs: number, previousMs = 0): number {
  const width = Math.max(1, widthMs)
  return Math.max(timeMs - (timeMs % width), previousMs)
}

function isHidden(cell: PlanCell | undefined): boolean {
  return cell !== undefined && cell.enforcement === 'edited' && cell.shown === 'absent'
}

function replace<A extends Answer>(answer: A, outcome: A['outcome']): A {
  return outcome === answer.outcome ? answer : { ...answer, outcome }
}

function randomBelow(bound: number, randomness: Randomness): number {
  const limit = UINT32_RANGE - (UINT32_RANGE % bound)
  for (let attempt = 0; attempt < SAMPLES_MAX; attempt += 1) {
    const sample = randomness(4).readUInt32BE(0)
    if (sample < limit) return sample % bound
  }
  return 0
}

const UINT32_RANGE = 2 ** 32
/** Each sample is rejected with a chance below one half: 64 rejections do not happen. */
const SAMPLES_MAX = 64
