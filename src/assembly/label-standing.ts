import { closedCodes, type Label } from '../metadata/labels/label.ts'
import type { Suite } from '../metadata/suite.ts'
import { GatewayError } from '../model/errors.ts'
import type { ProviderDomain } from '../model/ids.ts'
import type { Role } from '../peers/agreement-store.ts'
import type { PeerProfile } from '../peers/peer-table.ts'
import { termsAsking } from '../peers/terms.ts'
import type { PipelineParts } from '../pipeline/parts.ts'
import { factsOf } from '../pipeline/passage.ts'
import type { PeerFacts } from '../policy/vocabulary.ts'

/** What may pass between us and another provider where we have one role, or why nothing does. */
export type Standing =
  | { readonly kind: 'closed'; readonly provider: ProviderDomain; readonly code: ClosedCode }
  | {
      readonly kind: 'open'
      readonly provider: ProviderDomain
      readonly facts: PeerFacts
      /** Never empty; the preferred one first. */
      readonly suites: readonly Suite[]
      /** Id of the newest agreement in force that names a suite; undefined for the operator's own list. */
      readonly agreement: (suite: Suite) => string | undefined
    }
export type OpenStanding = Extract<Standing, { kind: 'open' }>
type ClosedCode = Label['closed'][number]['code']

type StandingParts = Pick<PipelineParts, 'peers' | 'agreements' | 'suites'>

/** Counts every agreement in force: the other side may name any of them. */
export function standingWith(parts: StandingParts, provider: ProviderDomain, role: Role): Standing {
  const closed = (code: ClosedCode): Standing => ({ kind: 'closed', provider, code })
  const profile = parts.peers.find(provider)
  if (profile === undefined) return closed('peer-unknown')
  if (!profile.allow) return closed('peer-denied')
  try {
    const suites = suiteNames(parts, profile, role).flatMap(
      (name) => parts.suites.suiteByName(name) ?? [],
    )
    if (suites.length === 0) return closed('suite-unavailable')
    const live = parts.agreements.live(provider, role)
    return {
      kind: 'open',
      provider,
      facts: factsOf(parts, profile),
      suites,
      agreement: ({ name }) => live.find(({ names }) => names.includes(name))?.held.id,
    }
  } catch (error) {
    const code =
      error instanceof GatewayError ? closedCodes.find((known) => known === error.code) : undefined
    if (code === undefined) throw error
    return closed(code)
  }
}

function suiteNames(
  { agreements }: StandingParts,
  profile: PeerProfile,
  role: Role,
): readonly string[] {
  const agreed = agreements.live(profile.domain, role).flatMap(({ names }) => names)
  if (agreed.length === 0)
    return termsAsking(agreements, { peer: profile, role, suite: undefined }).suites
  const list = role === 'hub' ? profile.asHub : profile.asFollower
  return [...new Set(agreed)].filter((name) => list.includes(name))
}
