import { GatewayError } from '../model/errors.ts'
import type { MimiUri, ProviderDomain } from '../model/ids.ts'
import { Recent } from '../model/recent.ts'
import type { RoomAuthKey } from '../model/room-auth-key.ts'
import { verifyMembership } from '../privacypass/membership-proof.ts'
import type { SenderProof } from '../privacypass/sender-proof.ts'

/** What proves that somebody is a member of a room. */
export interface RequiredMembership {
  readonly room: MimiUri
  /** Any of these does, the newest first; undefined: nothing needs to be proven. */
  readonly roomAuthKeys: readonly RoomAuthKey[] | undefined
  /** A certificate is good for one message: a token, and a proof of this, for each. */
  readonly once: boolean
}

/** A pseudonym, and what it shows. */
type Shown = Pick<SenderProof, 'pseudonymId' | 'membership'>

/**
 * Pseudonyms that have proven that they are of members, some 65,536 of them: one that is forgotten is
 * asked again. They are known by the key that proved it, so that a new MLS epoch asks everybody again.
 */
export class ProvenMembers {
  private readonly hub: ProviderDomain
  private readonly proven = new Recent<true>(PROVEN_MAX)

  constructor(hub: ProviderDomain) {
    this.hub = hub
  }

  /** Throws `membership-unproven`, with the fact `currentEpoch` in digits where there is a key. */
  require({ room, roomAuthKeys, once }: RequiredMembership, shown: Shown): void {
    if (roomAuthKeys === undefined) return
    const isKnown = (key: RoomAuthKey) => this.proven.get(nameOf(room, shown, key)) === true
    if (!once && roomAuthKeys.some(isKnown)) return
    const key = roomAuthKeys.find((each) => this.isSignedBy(each, room, shown))
    if (key === undefined) throw unproven(roomAuthKeys)
    if (!once) this.proven.set(nameOf(room, shown, key), true)
  }

  private isSignedBy(
    { mlsEpoch, publicKey }: RoomAuthKey,
    room: MimiUri,
    { pseudonymId, membership }: Shown,
  ): boolean {
    if (membership?.mlsEpoch !== mlsEpoch) return false
    const scope = { hub: this.hub, room, mlsEpoch }
    return verifyMembership(membership, publicKey, { scope, pseudonymId })
  }
}

function unproven([newest]: readonly RoomAuthKey[]): GatewayError {
  const facts = newest === undefined ? NO_KEY : { currentEpoch: String(newest.mlsEpoch) }
  return new GatewayError('membership-unproven', { facts })
}

/** Two parts of a fixed length, then the rest. */
function nameOf(room: MimiUri, { pseudonymId }: Shown, { publicKey }: RoomAuthKey): string {
  return `${pseudonymId.toString('latin1')}${publicKey.toString('latin1')}${room}`
}

const NO_KEY = { reason: 'no-key' }
const PROVEN_MAX = 65_536
