import type { MimiUri, ProviderDomain } from '../../model/ids.ts'
import { signMembership, type MembershipProof } from '../../privacypass/membership-proof.ts'
import type { Epoch } from '../mls/epoch.ts'
import { roomAuthKeyPair } from '../mls/room-auth-key.ts'

/** That the pseudonym is of a member, in the words of all members. docs/pseudonymous-senders.md */
export function membershipIn(
  epoch: Epoch,
  place: { readonly hub: ProviderDomain; readonly room: MimiUri },
  pseudonymId: Buffer,
): MembershipProof {
  const { privateKey } = roomAuthKeyPair(epoch)
  return signMembership(privateKey, { ...place, mlsEpoch: epoch.groupContext.epoch }, pseudonymId)
}
