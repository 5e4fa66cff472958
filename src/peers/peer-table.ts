import type { ProviderDomain } from '../model/ids.ts'
import type { PeerFacts } from '../policy/vocabulary.ts'

/** What the operator's configuration says of one provider. */
export interface PeerProfile {
  readonly domain: ProviderDomain
  readonly allow: boolean
  /** `host:port` to connect to; undefined: port 443 of the domain. */
  readonly address: string | undefined
  /** One object for the life of the profile: plans are looked up by its identity. */
  readonly facts: PeerFacts
  /** The same while an agreement on metadata is in force. */
  readonly agreedFacts: PeerFacts
  /** The suites that we offer as hub to this follower, in order of preference. */
  readonly asHub: readonly string[]
  /** The suites that we accept as follower of this hub. */
  readonly asFollower: readonly string[]
  /** It leaks reports, retaliates, or ignores the worst of them. */
  readonly hostile: boolean
  /** A notice to it would go to the reported person. */
  readonly singleUser: boolean
  /** Whether nothing passes between us without an agreement on metadata. */
  readonly requireAgreement: boolean
}

/** The providers we know, and which suites hold between us and each of them. */
export class PeerTable {
  readonly self: ProviderDomain
  private profiles: ReadonlyMap<string, PeerProfile>

  constructor(self: ProviderDomain, profiles: readonly PeerProfile[]) {
    this.self = self
    this.profiles = byDomain(profiles)
  }

  find(domain: ProviderDomain): PeerProfile | undefined {
    return this.profiles.get(domain)
  }

  standing(domain: ProviderDomain): 'allowed' | 'unknown' | 'denied' {
    const profile = this.profiles.get(domain)
    if (profile === undefined) return 'unknown'
    return profile.allow ? 'allowed' : 'denied'
  }

  all(): readonly PeerProfile[] {
    return [...this.profiles.values()]
  }

  /** Those that are served. */
  allowed(): readonly ProviderDomain[] {
    return [...this.profiles.values()].filter(({ allow }) => allow).map(({ domain }) => domain)
  }

  /** Takes a new configuration in one step. */
  replace(profiles: readonly PeerProfile[]): void {
    this.profiles = byDomain(profiles)
  }
}

function byDomain(profiles: readonly PeerProfile[]): ReadonlyMap<string, PeerProfile> {
  return new Map(profiles.map((profile) => [profile.domain, profile]))
}
