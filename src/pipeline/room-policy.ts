import { GatewayError } from '../model/errors.ts'
import type { ReportAbuseExchange, SubmitMessageExchange } from '../model/exchange.ts'
import { parseMimiUri, uriDomain, type MimiUri, type ProviderDomain } from '../model/ids.ts'
import type { RoomAuthKey } from '../model/room-auth-key.ts'
import { checkMessage, roleAllows } from '../rooms/message-rules.ts'
import { isBarred } from '../rooms/room-policy.ts'
import type { RoomState } from '../rooms/room-state.ts'
import type { PipelineParts } from './parts.ts'

/**
 * The sender is in the room, and the room's policy lets it send this message.
 * Throws `room-unknown`, `not-a-participant`, `not-permitted`, `wrong-epoch`.
 */
export function requireMaySend(
  { rooms }: Pick<PipelineParts, 'rooms'>,
  { room, sender, message }: SubmitMessageExchange,
): void {
  const state = rooms.find(room)
  if (state === undefined) throw new GatewayError('room-unknown')
  const roleIndex = rooms.roleOf(room, sender)
  if (roleIndex === undefined) throw new GatewayError('not-a-participant')
  checkMessage(state, roleIndex, message)
}

/**
 * The same for a sender that only its provider is known of: somebody of that provider is in the room
 * and may send this message. Throws as `requireMaySend`.
 */
export function requireProviderMaySend(
  { rooms }: Pick<PipelineParts, 'rooms'>,
  { room, sender, message }: SubmitMessageExchange,
): void {
  const state = rooms.find(room)
  if (state === undefined) throw new GatewayError('room-unknown')
  const roles = rolesOfProvider(state, uriDomain(sender))
  if (roles.length === 0) throw new GatewayError('not-a-participant')
  const able = roles.find((role) => roleAllows(state.policy, role, 'canSendMessage'))
  checkMessage(state, able ?? roles[0] ?? 0, message)
}

/** How many pseudonyms a provider may have in the room at the same time: two for each participant. */
export function pseudonymsMax(
  { rooms }: Pick<PipelineParts, 'rooms'>,
  { room, provider }: { readonly room: MimiUri; readonly provider: ProviderDomain },
): number {
  const state = rooms.find(room)
  return state === undefined ? 0 : PSEUDONYMS_EACH * rolesOfProvider(state, provider).length
}

/**
 * The keys by one of which a sender that nobody names proves that it is a member; undefined where it
 * need not: nobody gave the room's epoch a key, and the operator does not insist.
 */
export function roomAuthKeysToProve(
  { rooms, membershipProof }: Pick<PipelineParts, 'rooms' | 'membershipProof'>,
  room: MimiUri,
): readonly RoomAuthKey[] | undefined {
  const keys = rooms.find(room)?.roomAuthKeys ?? []
  return keys.length === 0 && membershipProof === 'where-possible' ? undefined : keys
}

/** The roles of a provider's participants, without those who are banned. */
function rolesOfProvider(
  { participants, policy }: RoomState,
  provider: ProviderDomain,
): readonly number[] {
  return participants
    .filter(({ user, roleIndex }) => isOf(user, provider) && !isBarred(policy, roleIndex))
    .map(({ roleIndex }) => roleIndex)
}

/** Participants were checked when they came in: the authority is the domain, in any spelling. */
function isOf(user: string, provider: ProviderDomain): boolean {
  return uriDomain(parseMimiUri(user, 'user')) === provider
}

/** A reporter that gives its name has the right to report. Throws `not-permitted`. */
export function requireMayReport(
  { rooms }: Pick<PipelineParts, 'rooms'>,
  { room, reporter }: ReportAbuseExchange,
): void {
  const policy = rooms.find(room)?.policy
  if (policy?.roles === undefined || reporter === undefined) return
  const roleIndex = rooms.roleOf(room, reporter)
  if (roleIndex !== undefined && !roleAllows(policy, roleIndex, 'canReportAbuse'))
    throw new GatewayError('not-permitted', { facts: { reason: 'report' } })
}

const PSEUDONYMS_EACH = 2
