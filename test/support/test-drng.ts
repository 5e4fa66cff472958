import { createHash } from 'node:crypto'

/** The generator that made the vectors of sigma proofs and ARC: SHAKE128 of a seed, read on and on. */
export function testDrng(seed: string, order: bigint) {
  const first = Buffer.alloc(168)
  first.write('sigma-proofs/TestDRNG/SHAKE128')
  const padded = Buffer.alloc(32)
  padded.write(seed)
  let taken = 0
  const next = (): bigint => {
    const outputLength = taken + 48
    const stream = createHash('shake128', { outputLength }).update(first).update(padded).digest()
    const drawn = stream.subarray(taken)
    taken = outputLength
    return BigInt(`0x${drawn.toString('hex')}`)
  }
  return {
    /** What a proof draws. */
    nonce: (): bigint => next() % order,
    /** What everything else draws: never the order - 1. */
    secret: (): bigint => next() % (order - 1n),
  }
}
