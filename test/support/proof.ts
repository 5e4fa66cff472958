import { afterAll, beforeAll } from 'vitest'
import { openProofGround, type ProofGround } from '../../src/cli/proof-ground.ts'
import { servingProfiles } from '../../src/proof/serving-profiles.ts'

/** Each built-in suite, with a profile whose policies serve it. */
export const servedSuites = Object.entries(servingProfiles).map(([suite, policies]) => ({
  suite,
  policies,
}))

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
