import { GatewayError } from '../model/errors.ts'
import type { AgreementBook, LiveAgreement } from './agreement-book.ts'
import type { Role } from './agreement-store.ts'
import type { PeerProfile } from './peer-table.ts'

/** What holds in one exchange with a peer. */
export interface Terms {
  /** The id that names the agreement; undefined where the operator's own list holds. */
  readonly agreement: string | undefined
  /** Names of suites, the preferred one first. */
  readonly suites: readonly string[]
}

export interface TermsQuestion {
  readonly peer: PeerProfile
  /** What we are in the room; undefined outside rooms. */
  readonly role: Role | undefined
}

/**
 * The terms under which a peer asks us: those of the agreement that it names, else the operator's
 * list for it. Throws `agreement-stale`, `agreement-pending`, `no-common-suite`.
 */
export function termsAsked(
  book: AgreementBook,
  { peer, role }: TermsQuestion,
  named: string | undefined,
): Terms {
  // Outside rooms the provider that is asked stands where the hub stands.
  const roles = role === undefined ? ASKED : [role]
  if (named === undefined) {
    if (peer.requireAgreement) throw missing(book, peer, roles)
    return withoutAgreement(book, peer, { role, roles })
  }
  for (const mine of roles) {
    const found = book.live(peer.domain, mine).find(({ held }) => held.id === named)
    if (found !== undefined) return narrowed(found, peer, mine)
  }
  const standing = book.standingOf(peer.domain, named)
  if (standing === 'pending' || standing === 'rejected')
    throw new GatewayError('agreement-pending', { facts: { reason: standing } })
  throw stale(standing === 'live' ? 'other-role' : 'unknown')
}

export interface AskingQuestion extends TermsQuestion {
  /** The suite of the room, where it is settled. */
  readonly suite: string | undefined
  /** Ids that the peer did not take. */
  readonly refused?: ReadonlySet<string>
}

/**
 * The terms under which we ask a peer: those of the newest agreement that has the suite, else the
 * operator's list for it. Throws `agreement-stale`, `agreement-pending`, `no-common-suite`.
 */
export function termsAsking(book: AgreementBook, question: AskingQuestion): Terms {
  const { peer, role, suite, refused } = question
  const roles = role === undefined ? ASKING : [role]
  for (const mine of roles) {
    const live = book
      .live(peer.domain, mine)
      .filter(({ held }) => refused === undefined || !refused.has(held.id))
    const found =
      suite === undefined ? live[0] : (live.find(({ names }) => names.includes(suite)) ?? live[0])
    if (found !== undefined) return narrowed(found, peer, mine)
  }
  if (refused !== undefined && refused.size > 0) throw stale('refused')
  if (peer.requireAgreement) throw missing(book, peer, roles)
  return withoutAgreement(book, peer, { role, roles })
}

interface Sides {
  readonly role: Role | undefined
  readonly roles: readonly Role[]
}

/** A peer whose document has nothing in common with ours is not served by another list either. */
function withoutAgreement(book: AgreementBook, peer: PeerProfile, { role, roles }: Sides): Terms {
  const apart = roles.every(
    (mine) =>
      book.nearest(peer.domain, mine) !== undefined && book.live(peer.domain, mine).length === 0,
  )
  if (apart) throw noCommonSuite(book, peer, roles)
  const suites = role === undefined ? [...peer.asHub, ...peer.asFollower] : configured(peer, role)
  return { agreement: undefined, suites }
}

/** The operator's list for a peer can take from an agreement, never add to it. */
function narrowed({ held, names }: LiveAgreement, peer: PeerProfile, role: Role): Terms {
  const list = configured(peer, role)
  return { agreement: held.id, suites: names.filter((name) => list.includes(name)) }
}

function configured(peer: PeerProfile, role: Role): readonly string[] {
  return role === 'hub' ? peer.asHub : peer.asFollower
}

function missing(book: AgreementBook, peer: PeerProfile, roles: readonly Role[]): GatewayError {
  if (roles.some((mine) => book.pending(peer.domain, mine) !== undefined))
    return new GatewayError('agreement-pending', { facts: { reason: 'pending' } })
  if (roles.some((mine) => book.nearest(peer.domain, mine) !== undefined))
    return noCommonSuite(book, peer, roles)
  return stale('missing')
}

/** Names the nearest suites and the first conflict between them: codes and words of the registry only. */
function noCommonSuite(
  book: AgreementBook,
  peer: PeerProfile,
  roles: readonly Role[],
): GatewayError {
  const [nearest] = roles.flatMap((mine) => book.nearest(peer.domain, mine) ?? [])
  const conflict = nearest?.conflicts[0]
  const facts = {
    ...(nearest === undefined ? {} : { suite: nearest.suite, closest: nearest.closest }),
    ...(nearest === undefined ? {} : { conflicts: nearest.conflicts.length }),
    ...(conflict === undefined
      ? {}
      : {
          field: conflict.field,
          audience: conflict.audience,
          hub: conflict.hub.join('..'),
          follower: conflict.follower.join('..'),
        }),
  }
  return new GatewayError('no-common-suite', { facts })
}

function stale(reason: 'missing' | 'unknown' | 'other-role' | 'refused'): GatewayError {
  return new GatewayError('agreement-stale', { facts: { reason }, retryAfterMs: RETRY_MS })
}

const ASKED = ['hub', 'follower'] as const satisfies readonly Role[]
const ASKING = ['follower', 'hub'] as const satisfies readonly Role[]
const RETRY_MS = 2_000
