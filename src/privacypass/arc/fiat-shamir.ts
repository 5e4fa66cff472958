import { createHash } from 'node:crypto'
import { integerOf } from './p256-scalar.ts'

/** What a challenge is derived from. */
export interface Transcript {
  /** Names protocol, hash and group, at most 64 octets: `sigma-proofs_Shake128_P256`. */
  readonly protocol: string
  readonly session: Buffer
  /** The statement. */
  readonly label: Buffer
  readonly commitments: Buffer
  readonly order: bigint
  readonly scalarBytes: number
}

/**
 * The challenge of a proof: SHAKE128 over one block with the name of the protocol, session and label
 * with their lengths, and the commitments; 16 octets more than a scalar has, big-endian, reduced.
 * draft-irtf-cfrg-fiat-shamir as of 1 March 2026. Later revisions begin in another way and read the
 * octets from their other end.
 */
export function challengeOf(transcript: Transcript): bigint {
  const { protocol, session, label, commitments, order, scalarBytes } = transcript
  const first = Buffer.alloc(SHAKE128_RATE_BYTES)
  if (Buffer.byteLength(protocol) > PROTOCOL_BYTES_MAX) throw new RangeError('the name is too long')
  first.write(protocol)
  const outputLength = scalarBytes + OVERSAMPLED_BYTES
  const digest = createHash('shake128', { outputLength })
    .update(first)
    .update(lengthOf(session))
    .update(session)
    .update(lengthOf(label))
    .update(label)
    .update(commitments)
    .digest()
  return integerOf(digest) % order
}

function lengthOf(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return length
}

const SHAKE128_RATE_BYTES = 168
const PROTOCOL_BYTES_MAX = 64
/** Keeps the bias of the reduction below 2^-128. RFC 9380 §5 */
const OVERSAMPLED_BYTES = 16
