/** The public half of the key pair that every member of a room derives in one MLS epoch. docs/pseudonymous-senders.md */
export interface RoomAuthKey {
  readonly mlsEpoch: bigint
  /** Ed25519, 32 octets. */
  readonly publicKey: Buffer
}

/** Where senders that nobody names must prove that they are members. */
export const membershipProofRules = ['where-possible', 'always'] as const
export type MembershipProofRule = (typeof membershipProofRules)[number]
