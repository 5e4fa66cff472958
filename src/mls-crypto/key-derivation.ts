import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import { encode, opaque, struct, uint16 } from '../wire/codec.ts'
import type { MlsSuite } from './suite.ts'

/** The suite's hash. */
export function digest(suite: MlsSuite, bytes: Uint8Array): Buffer {
  return hash(suite.hash, bytes, 'buffer')
}

export function hmac(suite: MlsSuite, key: Uint8Array, bytes: Uint8Array): Buffer {
  return createHmac(suite.hash, key).update(bytes).digest()
}

/** In constant time for equal lengths. */
export function sameSecret(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right)
}

/** HKDF-Extract, RFC 5869 §2.2. */
export function extract(hashName: string, salt: Uint8Array, input: Uint8Array): Buffer {
  return createHmac(hashName, salt).update(input).digest()
}

/** HKDF-Expand, RFC 5869 §2.3. */
export function expand(
  hashName: string,
  key: Uint8Array,
  { info, bytes }: { info: Uint8Array; bytes: number },
): Buffer {
  const blocks: Buffer[] = []
  let previous = Buffer.alloc(0)
  let length = 0
  for (let counter = 1; length < bytes; counter++) {
    const block = createHmac(hashName, key).update(previous).update(info)
    previous = Buffer.from(block.update(Buffer.of(counter)).digest())
    blocks.push(previous)
    length += previous.length
  }
  return Buffer.concat(blocks).subarray(0, bytes)
}

/** `RFC 9420 §8`; `bytes` is the suite's hash length unless it is given. */
export function expandWithLabel(
  suite: MlsSuite,
  secret: Uint8Array,
  {
    label,
    context = Buffer.alloc(0),
    bytes = suite.hashBytes,
  }: { label: string; context?: Buffer; bytes?: number },
): Buffer {
  const info = encode(kdfLabelCodec, { length: bytes, label: mlsLabel(label), context })
  return expand(suite.hash, secret, { info, bytes })
}

/** `RFC 9420 §8` */
export function deriveSecret(suite: MlsSuite, secret: Uint8Array, label: string): Buffer {
  return expandWithLabel(suite, secret, { label })
}

/** `RFC 9420 §9` */
export function deriveTreeSecret(
  suite: MlsSuite,
  secret: Uint8Array,
  { label, generation, bytes }: { label: string; generation: number; bytes: number },
): Buffer {
  const context = Buffer.alloc(4)
  context.writeUInt32BE(generation)
  return expandWithLabel(suite, secret, { label, context, bytes })
}

/** `RFC 9420 §5.2`; the label stands as it is, without the `MLS 1.0 ` prefix of the other functions. */
export function refHash(suite: MlsSuite, label: string, value: Buffer): Buffer {
  return digest(suite, encode(refHashInputCodec, { label: Buffer.from(label), value }))
}

/** The bytes of a label in every labelled function of MLS. */
export function mlsLabel(label: string): Buffer {
  return Buffer.from(`MLS 1.0 ${label}`)
}

const INPUT_BYTES_MAX = 0x3fff_ffff
const kdfLabelCodec = struct({
  length: uint16,
  label: opaque(255),
  context: opaque(INPUT_BYTES_MAX),
})
const refHashInputCodec = struct({ label: opaque(255), value: opaque(INPUT_BYTES_MAX) })
