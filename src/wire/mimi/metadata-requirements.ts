import {
  opaque,
  struct,
  uint16,
  uint32,
  uint64,
  enumeration,
  vector,
  type Decoded,
} from '../codec.ts'

/** Octets of a digest in these structs; SHA-256 makes 32. */
const digestBytesMax = 64
/** Suites that one leaf lists, GREASE among them. */
const suiteCountMax = 256

/**
 * The GroupContext component 0x8D01, and its update: a full replacement. The digest is SHA-256 of the
 * suite's canonical table. docs/rooms.md
 */
export const metadataRequirementsCodec = struct({
  suite: uint16,
  suiteDigest: opaque(digestBytesMax),
})

/** The LeafNode component 0x8D01: the suites whose rooms this client takes part in. docs/rooms.md */
export const supportedMetadataSuitesCodec = struct({
  suites: vector(uint16, { countMax: suiteCountMax, bytesMax: 2 * suiteCountMax }),
})

/** What a field is shown for. */
const purposeCodec = enumeration({ delivery: 1, moderation: 2, compliance: 3 })

/**
 * The component 0x8D13 of `consent_extensions`: what a consent is asked and given for. docs/rooms.md
 */
export const consentTermsCodec = struct({
  suite: uint16,
  suiteDigest: opaque(digestBytesMax),
  purposes: vector(purposeCodec, { countMax: 3 }),
  /** How long the requester's provider may keep what it is shown, in days. */
  retentionDays: uint32,
  /** Milliseconds since 1970; 0 for no end. */
  expiresAt: uint64,
})
export type ConsentTerms = Decoded<typeof consentTermsCodec>
