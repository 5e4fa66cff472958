import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import type { MimiUri, ProviderDomain } from '../model/ids.ts'
import { decode, encode, fixed, struct, text, uint64, type Decoded } from '../wire/codec.ts'
import { WireError } from '../wire/errors.ts'
import { pseudonymIdBytes } from './pseudonym-key.ts'

/** Says that a pseudonym belongs to a member of its room, and not to which. docs/pseudonymous-senders.md */
export const membershipProofCodec = struct({
  /** The MLS epoch whose room_auth key has signed. */
  mlsEpoch: uint64,
  /** Ed25519. */
  signature: fixed(64),
})
export type MembershipProof = Decoded<typeof membershipProofCodec>

/** Octets of a MembershipProof. */
export const membershipProofBytes = 72

/** What the room_auth key signs: nothing in it is about the member. */
export const membershipProofTBSCodec = struct({
  label: text(32),
  hub: text(253),
  room: text(1_024),
  mlsEpoch: uint64,
  pseudonymId: fixed(pseudonymIdBytes),
})

/** Where somebody is a member. */
export interface MembershipScope {
  readonly hub: ProviderDomain
  readonly room: MimiUri
  readonly mlsEpoch: bigint
}

/** Undefined for octets that are no such struct; they may be kept. */
export function readMembershipProof(octets: Buffer): MembershipProof | undefined {
  try {
    return decode(membershipProofCodec, octets)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

/** The proof is the same, octet for octet, whichever member makes it. RFC 8032 */
export function signMembership(
  privateKey: KeyObject,
  scope: MembershipScope,
  pseudonymId: Buffer,
): MembershipProof {
  const signature = sign(undefined, signedBytes(scope, pseudonymId), privateKey)
  return { mlsEpoch: scope.mlsEpoch, signature }
}

/** Whether a member of this epoch made it for this pseudonym. A key that is none verifies nothing. */
export function verifyMembership(
  proof: MembershipProof,
  roomAuthKey: Buffer,
  { scope, pseudonymId }: { readonly scope: MembershipScope; readonly pseudonymId: Buffer },
): boolean {
  const key = readRoomAuthKey(roomAuthKey)
  if (key === undefined || proof.mlsEpoch !== scope.mlsEpoch) return false
  return verify(undefined, signedBytes(scope, pseudonymId), key, proof.signature)
}

function readRoomAuthKey(octets: Buffer): KeyObject | undefined {
  try {
    const key = Buffer.concat([ED25519_PREFIX, octets])
    return createPublicKey({ key, format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}

function signedBytes({ hub, room, mlsEpoch }: MembershipScope, pseudonymId: Buffer): Buffer {
  const label = 'postern-member-v1'
  return encode(membershipProofTBSCodec, { label, hub, room, mlsEpoch, pseudonymId })
}

/** SubjectPublicKeyInfo up to the key. RFC 8410 §4 */
const ED25519_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
