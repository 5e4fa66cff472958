import type { PeerProfile } from '../peers/peer-table.ts'
import type { Config } from '../settings/config.ts'

/** The configured providers as the pipeline knows them. */
export function peerProfiles({ peers }: Config): readonly PeerProfile[] {
  return [...peers.values()].map((peer) => ({
    domain: peer.domain,
    allow: peer.allow,
    address: peer.address,
    facts: Object.freeze({
      id: peer.domain,
      class: peer.peerClass,
      region: peer.region,
      agreement: peer.agreement,
      // The listener takes nobody whose certificate does not prove the domain.
      verified: true,
      groups: peer.groups,
    }),
    asHub: peer.asHub,
    asFollower: peer.asFollower,
    requireAgreement: false,
  }))
}
