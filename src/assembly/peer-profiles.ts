import type { PeerProfile } from '../peers/peer-table.ts'
import type { Config } from '../settings/config.ts'

/** The configured providers as the pipeline knows them. */
export function peerProfiles({ peers, requirements }: Config): readonly PeerProfile[] {
  return [...peers.values()].map((peer) => {
    const facts = {
      id: peer.domain,
      class: peer.peerClass,
      region: peer.region,
      agreement: peer.agreement,
      // The listener takes nobody whose certificate does not prove the domain.
      verified: true,
      groups: peer.groups,
    }
    return {
      domain: peer.domain,
      allow: peer.allow,
      address: peer.address,
      facts: Object.freeze(facts),
      agreedFacts: Object.freeze({ ...facts, agreement: true }),
      hostile: peer.hostile,
      singleUser: peer.singleUser,
      asHub: peer.asHub,
      asFollower: peer.asFollower,
      requireAgreement: requirements.requireAgreement,
    }
  })
}
