import type { Direction, Operation } from '../model/exchange.ts'
import type { Audience, Purpose } from '../model/metadata.ts'
import type { SenderTier } from '../model/sender-tier.ts'

/** How the operator classes a provider; a peer never says this of itself. */
export const peerClasses = ['home', 'contracted', 'federated', 'open', 'quarantined'] as const
export type PeerClass = (typeof peerClasses)[number]

export const regions = ['EU', 'UK', 'US', 'OTHER'] as const
export type Region = (typeof regions)[number]

/** What kind of rooms a tenant runs. */
export const roomProfiles = ['consumer', 'enterprise', 'regulated'] as const
export type RoomProfile = (typeof roomProfiles)[number]

/** The built-in suites by name; every other one is `private-use` to a policy. */
export const policySuites = [
  'bare-minimum',
  'moderated-pseudonyms',
  'identified',
  'compliance',
  'private-use',
] as const
export type PolicySuite = (typeof policySuites)[number]

/** What a policy may know of a provider. */
export interface PeerFacts {
  /** The provider's domain. */
  readonly id: string
  readonly class: PeerClass
  readonly region: Region
  /** Whether an agreement on metadata is in force. */
  readonly agreement: boolean
  /** Whether its certificate is bound to its domain. */
  readonly verified: boolean
  readonly groups: readonly string[]
}

/** What a policy may know of a room; an exchange outside rooms has the tenant's own defaults. */
export interface RoomFacts {
  /** The room's URI, or a constant outside rooms. */
  readonly id: string
  readonly suite: PolicySuite
  readonly profile: RoomProfile
  readonly region: Region
  readonly tenant: string
}

/** The circumstances of one disclosure. */
export interface DisclosureContext {
  readonly purpose: Purpose
  readonly audience: Audience
  readonly direction: Direction
  readonly operation: Operation
}

/** The circumstances of one admission. */
export interface AdmissionContext {
  readonly direction: Direction
  /** Whether our own delivery service hands the exchange in. */
  readonly local: boolean
  /** How the actor shows itself. */
  readonly tier: SenderTier
}

/** The name of a suite as policies know it. */
export function policySuite(name: string): PolicySuite {
  return policySuites.find((known) => known === name) ?? 'private-use'
}
