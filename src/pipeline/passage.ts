import type { Suite } from '../metadata/suite.ts'
import { GatewayError } from '../model/errors.ts'
import type { Exchange } from '../model/exchange.ts'
import type { RequestContext } from '../model/handle.ts'
import { uriDomain, type MimiUri, type ProviderDomain } from '../model/ids.ts'
import { pairSuite, type PeerProfile } from '../peers/peer-table.ts'
import type { PlanTable } from '../policy/plan-table.ts'
import type { PolicyRoom } from '../policy/slices.ts'
import type { PeerFacts } from '../policy/vocabulary.ts'
import type { PipelineParts } from './parts.ts'

/** One exchange on its way through the stages, with what they need to know of it. */
export interface Passage<E extends Exchange = Exchange> {
  readonly exchange: E
  readonly context: RequestContext
  /** The policies with which the exchange began; it finishes on them. */
  readonly decisions: PlanTable
  readonly suite: Suite
  /** The other provider as policies see it; our own domain for local users. */
  readonly peer: PeerFacts
  readonly room: PolicyRoom
}

/**
 * Settles which suite an exchange is under and who the other side is: `other` is the provider that
 * sent it or will get it, undefined for our own users.
 * Throws `peer-unknown`, `peer-denied`, `room-unknown`, `suite-unavailable`.
 */
export function openPassage<E extends Exchange>(
  parts: PipelineParts,
  { exchange, context }: { readonly exchange: E; readonly context: RequestContext },
  other: ProviderDomain | undefined,
): Passage<E> {
  const profile = other === undefined ? undefined : knownPeer(parts, other)
  const room = roomOf(exchange)
  const suite = settleSuite(parts, {
    room,
    profile,
    announced: context.suite,
    mayBeUnknown: exchange.operation === 'groupInfo',
  })
  return {
    exchange,
    context,
    decisions: parts.policies.current(),
    suite,
    peer: profile?.facts ?? parts.home.peer,
    room: parts.home.room(room, suite),
  }
}

/** Throws `peer-unknown`, `peer-denied`. */
export function knownPeer(parts: PipelineParts, domain: ProviderDomain): PeerProfile {
  const profile = parts.peers.find(domain)
  if (profile === undefined) throw new GatewayError('peer-unknown')
  if (!profile.allow) throw new GatewayError('peer-denied')
  return profile
}

function roomOf(exchange: Exchange): MimiUri | undefined {
  return 'room' in exchange ? exchange.room : undefined
}

interface SuiteQuestion {
  readonly room: MimiUri | undefined
  readonly profile: PeerProfile | undefined
  readonly announced: string | undefined
  /** Whether a room that is not there is settled like what lies outside rooms, to be answered by plan. */
  readonly mayBeUnknown: boolean
}

function settleSuite(parts: PipelineParts, question: SuiteQuestion): Suite {
  const name = suiteName(parts, question)
  const suite = name === undefined ? undefined : parts.suites.suiteByName(name)
  if (suite === undefined) throw new GatewayError('suite-unavailable')
  const { profile, room } = question
  if (profile === undefined || room === undefined) return suite
  const accepted = uriDomain(room) === parts.peers.self ? profile.asHub : profile.asFollower
  if (!accepted.includes(suite.name)) throw new GatewayError('suite-unavailable')
  return suite
}

/** A room of ours has the suite that it was created with; another hub announces its rooms' suites. */
function suiteName(parts: PipelineParts, question: SuiteQuestion): string | undefined {
  const { room, profile, announced, mayBeUnknown } = question
  const outside = profile === undefined ? parts.home.suite : pairSuite(profile)
  if (room === undefined) return outside
  if (uriDomain(room) !== parts.peers.self)
    return announced ?? parts.roomSuites.find(room) ?? outside
  const followed = parts.rooms.find(room)
  if (followed !== undefined) return followed.suite
  if (mayBeUnknown) return outside
  throw new GatewayError('room-unknown')
}
