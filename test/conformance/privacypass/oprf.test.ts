import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { proveEvaluations, verifyEvaluations } from '../../../src/privacypass/voprf/dleq.ts'
import {
  elementOfInput,
  oprfSuite,
  outputOf,
  twoOctets,
} from '../../../src/privacypass/voprf/suite.ts'
import { fromHex } from '../../support/hex.ts'
import { namedGroups, scalarRandomness } from '../../support/oprf-groups.ts'
import { vectorJson } from '../../support/vectors.ts'

const hex = z.string().transform(fromHex)
const list = z.string().transform((text) => text.split(',').map(fromHex))
const vectorSchema = z.object({
  Blind: list,
  BlindedElement: list,
  EvaluationElement: list,
  Input: list,
  Output: list,
  Proof: z.object({ proof: hex, r: hex }).optional(),
})
const suiteSchema = z.object({
  identifier: z.string(),
  mode: z.number(),
  groupDST: hex,
  seed: hex,
  keyInfo: hex,
  skSm: hex,
  pkSm: hex.optional(),
  vectors: z.array(vectorSchema),
})

const read = z.array(suiteSchema).parse(vectorJson('ratelimit/rfc9497_voprf_allVectors.json') ?? [])
const suites = namedGroups.flatMap(({ group }) =>
  (['oprf', 'voprf'] as const).flatMap((mode, code) =>
    read
      .filter((suite) => suite.identifier === group.identifier && suite.mode === code)
      .map((vector) => ({
        name: `${group.identifier}, ${mode}`,
        suite: oprfSuite(group, mode),
        vector,
      })),
  ),
)
const cases = suites.flatMap(({ name, suite, vector }) =>
  vector.vectors.map((each, index) => ({
    name: `${name} ${index + 1}`,
    suite,
    key: vector.skSm,
    publicKey: vector.pkSm,
    vector: each,
  })),
)

// Where the vectors are absent `vectorJson` says so.
test.skipIf(suites.length === 0)('there are vectors of both groups in both modes', () => {
  expect(suites.map(({ vector }) => vector.vectors.length)).toEqual([2, 3, 2, 3])
  expect(proven).toHaveLength(6)
})

test.each(suites)('$name has the tag and derives the key of the vector', ({ suite, vector }) => {
  const { group, tags } = suite
  expect(tags.hashToElement.equals(vector.groupDST)).toBe(true)
  const context = tags.hashToElement.subarray('HashToGroup-'.length)
  const { seed, keyInfo } = vector
  const input = Buffer.concat([seed, twoOctets(keyInfo.length), keyInfo, Buffer.of(0)])
  const secretKey = group.hashToScalar(
    input,
    Buffer.concat([Buffer.from('DeriveKeyPair'), context]),
  )
  expect(secretKey.equals(vector.skSm)).toBe(true)
  const publicKey = vector.pkSm ?? group.multiplyGenerator(secretKey)
  expect(group.multiplyGenerator(secretKey).equals(publicKey)).toBe(true)
})

describe.each(cases)('$name', ({ suite, key, vector }) => {
  const { group } = suite
  const multiplier = group.multiplier(key)
  const entries = entriesOf(vector)

  test.each(entries)('blinds, evaluates and finalizes to its octets, %#', (entry) => {
    const element = elementOfInput(suite, entry.input)
    const blind = group.randomScalar(scalarRandomness(entry.blind))
    expect(group.multiplier(blind).multiply(element).equals(entry.blinded)).toBe(true)
    expect(multiplier.multiply(entry.blinded).equals(entry.evaluated)).toBe(true)
    const unblinded = group.multiplier(group.invert(blind)).multiply(entry.evaluated)
    expect(outputOf(suite, entry.input, unblinded).equals(entry.output)).toBe(true)
  })

  test.each(entries)('finds its output among the candidates, %#', ({ input, output }) => {
    const candidates = multiplier.candidates(elementOfInput(suite, input))
    const outputs = candidates.map((candidate) => outputOf(suite, input, candidate).equals(output))
    expect(outputs.filter(Boolean)).toHaveLength(1)
  })
})

const proven = cases.flatMap(({ vector, publicKey, ...rest }) =>
  vector.Proof === undefined || publicKey === undefined
    ? []
    : [{ ...rest, publicKey, entries: entriesOf(vector), ...vector.Proof }],
)

test.each(proven)(
  '$name proves with its octets, and verifies nothing else',
  ({ suite, key, publicKey, entries, proof, r }) => {
    const { group } = suite
    const own = proveEvaluations(suite, {
      key: { secretKey: key, publicKey, multiplier: group.multiplier(key) },
      evaluations: entries,
      randomness: scalarRandomness(r),
    })
    expect(own.equals(proof)).toBe(true)
    const verify = (evaluations = entries, octets = proof) =>
      verifyEvaluations(suite, { publicKey, evaluations, proof: octets })
    expect(verify()).toBe(true)
    const changed = [0, group.scalarBytes].map((at) => {
      const octets = Buffer.from(proof)
      octets[at + 8] = (octets[at + 8] ?? 0) ^ 1
      return verify(entries, octets)
    })
    const others = entries.map((entry) => ({ ...entry, evaluated: entry.blinded }))
    expect([...changed, verify(others)]).toEqual([false, false, false])
  },
)

function entriesOf(vector: z.infer<typeof vectorSchema>) {
  return vector.Input.map((input, index) => {
    const [blind, blinded, evaluated, output] = [
      vector.Blind[index],
      vector.BlindedElement[index],
      vector.EvaluationElement[index],
      vector.Output[index],
    ]
    if (!blind || !blinded || !evaluated || !output) throw new Error('lists of unlike length')
    return { input, blind, blinded, evaluated, output }
  })
}
