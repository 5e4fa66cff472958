import type { RawResponse } from '../model/adapter.ts'
import type { KeyMaterialOutcome } from '../model/answer.ts'
import { GatewayError } from '../model/errors.ts'
import type { Exchange } from '../model/exchange.ts'
import { parseProviderDomain, type ProviderDomain } from '../model/ids.ts'
import { termsAsking } from '../peers/terms.ts'
import { domainsOf } from '../rooms/leaf-identity.ts'
import { pinObjection } from '../rooms/pin.ts'
import { bannedRole } from '../rooms/room-policy.ts'
import type { StagedUpdate } from '../rooms/staged-update.ts'
import { holdToSuite } from './hold-to-suite.ts'
import type { PipelineParts } from './parts.ts'

/**
 * What a pin asks beyond the leaves: the provider of who comes in has agreed with us on the room's
 * suite, and before another suite is pinned, those of all participants have, and everything in the
 * room meets it. Throws `suite-not-met`, `disclosure-refused`, `frank-required`.
 */
export function requirePin(parts: PipelineParts, staged: StagedUpdate): void {
  if (staged.kind !== 'commit') return
  const { before, after, changes } = staged
  const { pin, suite: name, participants } = after.state
  if (pin === undefined) return
  const isNew = before.state.pin === undefined || before.state.suite !== name
  const concerned = isNew ? participants : changes.addedParticipants
  const active = concerned.filter(({ roleIndex }) => roleIndex !== bannedRole)
  for (const domain of domainsOf(active.map(({ user }) => user)))
    if (!hasAgreed(parts, parseProviderDomain(domain), name))
      throw new GatewayError('suite-not-met', { facts: { reason: 'provider-agreement' } })
  const suite = parts.suites.suiteByName(name)
  if (isNew && suite !== undefined) holdToSuite(parts, after.state, suite)
}

/** Whether a provider and we have agreed that its users take part in our rooms of a suite. */
function hasAgreed(
  { peers, agreements }: PipelineParts,
  domain: ProviderDomain,
  suite: string,
): boolean {
  if (domain === peers.self) return true
  const peer = peers.find(domain)
  if (peer?.allow !== true) return false
  try {
    return termsAsking(agreements, { peer, role: 'hub', suite }).suites.includes(suite)
  } catch (error) {
    if (error instanceof GatewayError) return false
    throw error
  }
}

/**
 * Key material for a pinned room of ours, without the KeyPackages whose leaves could not enter it;
 * the same value where all can.
 */
export function forPinnedRoom(
  { rooms }: Pick<PipelineParts, 'rooms'>,
  exchange: Exchange,
  outcome: KeyMaterialOutcome,
): KeyMaterialOutcome {
  if (exchange.operation !== 'keyMaterial' || exchange.room === undefined) return outcome
  const pin = rooms.find(exchange.room)?.pin
  if (pin === undefined) return outcome
  const clients = outcome.clients.filter(
    ({ status, metadataSuites }) =>
      status !== 'success' || pinObjection(pin, metadataSuites) === undefined,
  )
  if (clients.length === outcome.clients.length) return outcome
  const { user } = outcome
  return clients.some(({ status }) => status === 'success')
    ? { kind: 'partialSuccess', user, clients }
    : { kind: 'noCompatibleMaterial', user, clients: [] }
}

/** The same for what another provider answers us as a hub. Throws `peer-invalid`. */
export function answerForPinnedRoom(
  parts: PipelineParts,
  exchange: Exchange,
  response: RawResponse,
): RawResponse {
  if (exchange.operation !== 'keyMaterial' || exchange.room === undefined) return response
  if (response.status !== 200 || parts.rooms.find(exchange.room)?.pin === undefined) return response
  const answer = parsed(parts, exchange, response)
  if (answer.operation !== 'keyMaterial') throw new GatewayError('peer-invalid')
  const outcome = forPinnedRoom(parts, exchange, answer.outcome)
  if (outcome === answer.outcome) return response
  return parts.adapter.serialise(exchange, { ...answer, outcome }, response)
}

function parsed({ adapter }: PipelineParts, exchange: Exchange, response: RawResponse) {
  try {
    return adapter.parseAnswer(exchange, response)
  } catch (cause) {
    if (cause instanceof GatewayError) throw new GatewayError('peer-invalid', { cause })
    throw cause
  }
}
