import { expect, test } from 'vitest'
import { servedSuites, useProofGround } from '../../support/proof.ts'

const ground = useProofGround()

test.each(servedSuites)(
  'under $suite two runs that differ in a withheld field look alike',
  async (proven) => {
    const { served, compared } = await ground().interference(proven)
    expect(served).toBe(true)
    expect(compared.flatMap(({ differences }) => differences)).toEqual([])
    // What is never looked at proves nothing.
    expect(compared.filter(({ sinks }) => sinks.length > 0).length).toBeGreaterThan(50)
  },
  120_000,
)
