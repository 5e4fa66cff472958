import { afterAll, beforeAll } from 'vitest'
import { openProofGround, type ProofGround } from '../../src/cli/proof-ground.ts'

/** Each built-in suite, with a profile whose policies serve it. */
export const servedSuites = [
  { suite: 'bare-minimum', policies: 'consumer' },
  { suite: 'moderated-pseudonyms', policies: 'trust-and-safety' },
  { suite: 'identified', policies: 'enterprise' },
  { suite: 'compliance', policies: 'enterprise' },
] as const

/** One ground for all proofs of a test file. */
export function useProofGround(): () => ProofGround {
  let ground: ProofGround | undefined
  beforeAll(async () => {
    ground = await openProofGround(Date.now())
  })
  afterAll(() => ground?.[Symbol.asyncDispose]())
  return () => {
    if (ground === undefined) throw new TypeError('expected an open ground')
    return ground
  }
}
