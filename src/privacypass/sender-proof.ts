import { sign, verify, type KeyObject } from 'node:crypto'
import { GatewayError } from '../model/errors.ts'
import type { MimiUri, ProviderDomain } from '../model/ids.ts'
import {
  decode,
  encode,
  fixed,
  opaque,
  optional,
  struct,
  text,
  uint32,
  type Codec,
  type Decoded,
} from '../wire/codec.ts'
import { WireError } from '../wire/errors.ts'
import { readBase64url } from './base64url.ts'
import { ecdsaDer } from './ecdsa-signature.ts'
import { membershipProofCodec, type MembershipProof } from './membership-proof.ts'
import { admissionCodec, type Admission } from './pseudonym-certificate.ts'
import { pseudonymIdBytes } from './pseudonym-key.ts'
import { seconds } from './seconds.ts'

const signatureBytes = 64
const anySignature = opaque(signatureBytes)

/** `opaque signature<V>` of exactly 64 octets: ECDSA with P-256, IEEE P1363. */
const signatureCodec: Codec<Buffer> = {
  read: (reader) => {
    const signature = anySignature.read(reader)
    return signature.length === signatureBytes ? signature : reader.fail('invalid-value')
  },
  write: (writer, value) => {
    if (value.length !== signatureBytes) throw new RangeError('expected 64 octets')
    anySignature.write(writer, value)
  },
}

/** What a message from an epoch pseudonym carries beside it, as the header `Mimi-Sender-Proof`. */
export const senderProofCodec = struct({
  epochStart: seconds,
  pseudonymId: fixed(pseudonymIdBytes),
  sequence: uint32,
  signature: signatureCodec,
  admission: optional(admissionCodec),
  membership: optional(membershipProofCodec),
})
export type SenderProof = Decoded<typeof senderProofCodec>

/** What the pseudonym's key signs. */
export const senderProofTBSCodec = struct({
  label: text(32),
  hub: text(253),
  room: text(1_024),
  epochStart: seconds,
  sequence: uint32,
  messageHash: fixed(32),
})

/** The message that a proof speaks for. */
export interface ProvenMessage {
  readonly hub: ProviderDomain
  readonly room: MimiUri
  /** SHA-256 of the octets of the MLSMessage. */
  readonly messageHash: Buffer
}

/** The pseudonym's place in time: the start of its epoch in seconds, and how many messages it sent before. */
export type ProofPosition = Pick<SenderProof, 'epochStart' | 'sequence'>

export interface ProofSigner {
  readonly privateKey: KeyObject
  readonly pseudonymId: Buffer
  /** With the first message, or with each. */
  readonly admission?: Admission | undefined
  /** With the first message in an MLS epoch, or with each. */
  readonly membership?: MembershipProof | undefined
}

export function signSenderProof(
  signer: ProofSigner,
  message: ProvenMessage,
  { epochStart, sequence }: ProofPosition,
): SenderProof {
  const { privateKey: key, pseudonymId, admission, membership } = signer
  const signed = signedBytes(message, { epochStart, sequence })
  const signature = sign('sha256', signed, { key, dsaEncoding: 'ieee-p1363' })
  return { epochStart, pseudonymId, sequence, signature, admission, membership }
}

/** Whether the key of the proof's pseudonym signed it for this message. */
export function verifySenderProof(
  proof: SenderProof,
  publicKey: KeyObject,
  message: ProvenMessage,
): boolean {
  return verify('sha256', signedBytes(message, proof), publicKey, ecdsaDer(proof.signature))
}

function signedBytes(
  { hub, room, messageHash }: ProvenMessage,
  { epochStart, sequence }: ProofPosition,
): Buffer {
  const label = 'postern-msg-v1'
  return encode(senderProofTBSCodec, { label, hub, room, epochStart, sequence, messageHash })
}

/** The value of the header: base64url without padding. */
export function writeSenderProof(proof: SenderProof): string {
  return encode(senderProofCodec, proof).toString('base64url')
}

/** Reads a header of at most 2,048 characters; the fields may be kept. Throws `malformed-request`. */
export function readSenderProof(header: string): SenderProof {
  const bytes = readBase64url(header, (HEADER_CHARACTERS_MAX / 4) * 3)
  if (bytes === undefined || header.endsWith('=')) throw new GatewayError('malformed-request')
  try {
    return decode(senderProofCodec, bytes)
  } catch (cause) {
    if (cause instanceof WireError) throw new GatewayError('malformed-request', { cause })
    throw cause
  }
}

const HEADER_CHARACTERS_MAX = 2_048
