import { createCipheriv, createHash } from 'node:crypto'
import type { Randomness } from '../model/clock.ts'

/** Octets that look random and are the same for the same seed. For proofs: no key may come from it. */
export function seededRandomness(seed: string): Randomness {
  const key = createHash('sha256').update(seed).digest()
  const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  return (bytes) => stream.update(Buffer.alloc(bytes))
}
