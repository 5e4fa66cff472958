import { createHash } from 'node:crypto'

/**
 * EMSA-PSS-ENCODE with SHA-384 and MGF1 of it, for a modulus of `modulusBits` bits. The salt is given,
 * so the same message and salt give the same octets. Throws `RangeError` where the modulus is too short.
 * RFC 8017 §9.1.1
 */
export function encodePss(message: Uint8Array, salt: Uint8Array, modulusBits: number): Buffer {
  const encodedBits = modulusBits - 1
  const encodedBytes = Math.ceil(encodedBits / 8)
  const blockBytes = encodedBytes - HASH_BYTES - 1
  if (blockBytes < salt.length + 2) throw new RangeError('the modulus is too short for the salt')
  const digest = sha384(sha384(message), salt, { zeros: 8 })
  const block = Buffer.alloc(blockBytes)
  block[blockBytes - salt.length - 1] = 0x01
  block.set(salt, blockBytes - salt.length)
  const mask = generateMask(digest, blockBytes)
  for (const [at, octet] of mask.entries()) block[at] = (block[at] ?? 0) ^ octet
  block[0] = (block[0] ?? 0) & (0xff >> (8 * encodedBytes - encodedBits))
  return Buffer.concat([block, digest, Buffer.of(0xbc)])
}

function sha384(first: Uint8Array, second?: Uint8Array, { zeros = 0 } = {}): Buffer {
  const hash = createHash('sha384').update(Buffer.alloc(zeros)).update(first)
  return (second === undefined ? hash : hash.update(second)).digest()
}

/** MGF1, RFC 8017 appendix B.2.1. */
function generateMask(seed: Buffer, bytes: number): Buffer {
  const blocks: Buffer[] = []
  for (let counter = 0; counter * HASH_BYTES < bytes; counter++) {
    const octets = Buffer.alloc(4)
    octets.writeUInt32BE(counter)
    blocks.push(sha384(seed, octets))
  }
  return Buffer.concat(blocks).subarray(0, bytes)
}

const HASH_BYTES = 48
