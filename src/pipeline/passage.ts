import type { DecisionLog } from '../decision-log/decision-log.ts'
import { parseAttestedHeader, type Attested } from '../metadata/attested.ts'
import type { Suite } from '../metadata/suite.ts'
import { GatewayError } from '../model/errors.ts'
import type { Exchange, Operation } from '../model/exchange.ts'
import type { RequestContext } from '../model/handle.ts'
import { uriDomain, type MimiUri, type ProviderDomain } from '../model/ids.ts'
import type { PeerProfile } from '../peers/peer-table.ts'
import { termsAsked, termsAsking, type Terms } from '../peers/terms.ts'
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
  readonly decisionLog: DecisionLog
  readonly suite: Suite
  /** The other provider as policies see it; our own domain for local users. */
  readonly peer: PeerFacts
  readonly room: PolicyRoom
  /** The id of the agreement under which it is; undefined under the operator's own list. */
  readonly agreement: string | undefined
  /** What the sending provider says of the sender. */
  readonly attested: Attested
}

/**
 * Settles which suite an exchange is under and who the other side is: `other` is the provider that
 * sent it or will get it, undefined for our own users.
 * Throws `peer-unknown`, `peer-denied`, `room-unknown`, `suite-unavailable`, `agreement-stale`,
 * `agreement-pending`, `no-common-suite`.
 */
export function openPassage<E extends Exchange>(
  parts: PipelineParts,
  { exchange, context }: { readonly exchange: E; readonly context: RequestContext },
  other: ProviderDomain | undefined,
): Passage<E> {
  const profile = other === undefined ? undefined : knownPeer(parts, other)
  const room = roomOf(exchange)
  const { suite, agreement } = settle(parts, {
    room,
    profile,
    context,
    asking: exchange.direction === 'egress',
    mayBeUnknown: MAY_BE_UNKNOWN.has(exchange.operation),
  })
  return {
    exchange,
    context,
    decisions: parts.policies.current(),
    decisionLog: parts.decisionLog,
    suite,
    peer: profile === undefined ? parts.home.peer : factsOf(parts, profile),
    room: parts.home.room(room, suite),
    agreement,
    attested: attestedOf(parts, exchange, context),
  }
}

/** Throws `malformed-request`. */
function attestedOf(parts: PipelineParts, exchange: Exchange, context: RequestContext): Attested {
  if (exchange.operation !== 'submitMessage' && exchange.operation !== 'update') return NOTHING
  const ours = exchange.origin.kind === 'local' ? parts.home.attested : NOTHING
  if (context.compliance === undefined) return ours
  const said = parseAttestedHeader(context.compliance)
  if (said === undefined)
    throw new GatewayError('malformed-request', { facts: { part: 'compliance-metadata' } })
  return { ...ours, ...defined(said) }
}

function defined(attested: Attested): Attested {
  return Object.fromEntries(Object.entries(attested).filter(([, value]) => value !== undefined))
}

const NOTHING: Attested = Object.freeze({})

/**
 * The id to name where we ask a peer, other than those that it did not take. Throws what `openPassage`
 * throws of agreements.
 */
export function agreementToName(
  parts: Pick<PipelineParts, 'peers' | 'agreements'>,
  { peer, room, suite }: Named,
  refused: ReadonlySet<string>,
): string | undefined {
  const profile = parts.peers.find(peer)
  if (profile === undefined) return undefined
  const role = roleIn(parts, room)
  return termsAsking(parts.agreements, { peer: profile, role, suite, refused }).agreement
}

interface Named {
  readonly peer: ProviderDomain
  readonly room: MimiUri | undefined
  /** The suite of the room. */
  readonly suite: string | undefined
}

/** Operations that answer for a room that is not there as the plan says. */
const MAY_BE_UNKNOWN: ReadonlySet<Operation> = new Set([
  'groupInfo',
  'update',
  'submitMessage',
  'reportAbuse',
])

/** Throws `peer-unknown`, `peer-denied`. */
function knownPeer(parts: PipelineParts, domain: ProviderDomain): PeerProfile {
  const profile = parts.peers.find(domain)
  if (profile === undefined) throw new GatewayError('peer-unknown')
  if (!profile.allow) throw new GatewayError('peer-denied')
  return profile
}

function roomOf(exchange: Exchange): MimiUri | undefined {
  return 'room' in exchange ? exchange.room : undefined
}

/** What policies know of a peer now. */
export function factsOf(
  { agreements }: Pick<PipelineParts, 'agreements'>,
  profile: PeerProfile,
): PeerFacts {
  return agreements.holds(profile.domain) ? profile.agreedFacts : profile.facts
}

function roleIn({ peers }: Pick<PipelineParts, 'peers'>, room: MimiUri | undefined) {
  if (room === undefined) return undefined
  return uriDomain(room) === peers.self ? 'hub' : 'follower'
}

interface SuiteQuestion {
  readonly room: MimiUri | undefined
  readonly profile: PeerProfile | undefined
  readonly context: RequestContext
  /** Whether we ask the peer, rather than it us. */
  readonly asking: boolean
  /** Whether a room that is not there is settled like what lies outside rooms, to be answered by plan. */
  readonly mayBeUnknown: boolean
}

interface Settled {
  readonly suite: Suite
  readonly agreement: string | undefined
}

function settle(parts: PipelineParts, question: SuiteQuestion): Settled {
  const { room, profile } = question
  const pinned = room === undefined ? undefined : roomSuite(parts, room, question)
  if (profile === undefined)
    return { suite: knownSuite(parts, pinned ?? parts.home.suite), agreement: undefined }
  const terms = termsOf(parts, { ...question, profile }, pinned)
  const suite = knownSuite(parts, pinned ?? terms.suites[0])
  if (room !== undefined && !terms.suites.includes(suite.name))
    throw new GatewayError('suite-unavailable')
  return { suite, agreement: terms.agreement }
}

function termsOf(
  parts: PipelineParts,
  { room, profile, context, asking }: SuiteQuestion & { readonly profile: PeerProfile },
  suite: string | undefined,
): Terms {
  const question = { peer: profile, role: roleIn(parts, room) } as const
  return asking
    ? termsAsking(parts.agreements, { ...question, suite })
    : termsAsked(parts.agreements, question, context.agreement)
}

function knownSuite(parts: PipelineParts, name: string | undefined): Suite {
  const suite = name === undefined ? undefined : parts.suites.suiteByName(name)
  if (suite === undefined) throw new GatewayError('suite-unavailable')
  return suite
}

/**
 * A room of ours has the suite that it was created with; another hub announces its rooms' suites.
 * Undefined where neither is known. Throws `room-unknown`.
 */
function roomSuite(
  parts: PipelineParts,
  room: MimiUri,
  { context, mayBeUnknown }: SuiteQuestion,
): string | undefined {
  if (uriDomain(room) !== parts.peers.self) return context.suite ?? parts.roomSuites.find(room)
  const followed = parts.rooms.find(room)
  if (followed === undefined && !mayBeUnknown) throw new GatewayError('room-unknown')
  return followed?.suite
}
