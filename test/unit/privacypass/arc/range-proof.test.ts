import { expect, test } from 'vitest'
import { generatorH } from '../../../../src/privacypass/arc/hash-to-p256.ts'
import { combined, generatorG, type Element } from '../../../../src/privacypass/arc/p256-group.ts'
import { proofContext } from '../../../../src/privacypass/arc/p256-sigma.ts'
import {
  bitCount,
  parsePresentationLimit,
} from '../../../../src/privacypass/arc/presentation-limit.ts'
import {
  commitToDigits,
  digitsAddUp,
  rangeBases,
  rangeRelation,
} from '../../../../src/privacypass/arc/range-proof.ts'
import { prove, verify, type Relation } from '../../../../src/privacypass/arc/sigma-proof.ts'
import { arcRandomScalar } from '../../../support/arc.ts'

const limits = Array.from({ length: 1_023 }, (_, index) => parsePresentationLimit(index + 2))

test.each([0, 1, -1, 2.5, 1_025, NaN, Infinity])('a limit of %s is refused', (limit) => {
  expect(() => parsePresentationLimit(limit)).toThrow(
    expect.objectContaining({
      code: 'configuration-invalid',
      facts: { setting: 'arc limit', min: 2, max: 1_024 },
    }),
  )
})

test('the bases of every limit fall, end with 1 and add up to the highest nonce', () => {
  for (const limit of limits) {
    const bases = rangeBases(limit)
    expect(bases).toHaveLength(bitCount(limit))
    expect(bases).toEqual(bases.toSorted((a, b) => b - a))
    expect(bases.at(-1)).toBe(1)
    expect(bases.reduce((sum, base) => sum + base, 0)).toBe(limit - 1)
  }
})

test.each([2, 3, 5, 16])(
  'every nonce below %i has digits that add up to its commitment',
  (count) => {
    const limit = parsePresentationLimit(count)
    for (let nonce = 0; nonce < count; nonce += 1) {
      const { relation, witness, commitments, nonceCommit } = committed(nonce, limit)
      expect(digitsAddUp(commitments, nonceCommit, limit)).toBe(true)
      const proof = prove(context, relation, { witness, randomScalar: arcRandomScalar })
      expect(verify(context, relation, proof)).toBe(true)
    }
  },
)

test.each([2, 3, 5, 16])('a nonce of %i itself has no digits', (count) => {
  const limit = parsePresentationLimit(count)
  const { commitments, nonceCommit } = committed(count, limit)
  expect(digitsAddUp(commitments, nonceCommit, limit)).toBe(false)
})

test('a digit of 2 adds up, and has no proof', () => {
  const limit = parsePresentationLimit(4)
  const [first, second] = [arcRandomScalar(), arcRandomScalar()]
  // 2 · 2 + 1 · 0 = 4, which is not below the limit.
  const commitments = [
    combined([2n, generatorG], [first, generatorH]),
    combined([second, generatorH]),
  ]
  const nonceCommit = combined([4n, generatorG], [2n * first + second, generatorH])
  expect(digitsAddUp(commitments, nonceCommit, limit)).toBe(true)
  const relation = rangeRelation(nonceRelation(nonceCommit), commitments)
  const witness = [4n, 2n * first + second, 2n, 0n, first, second, -first, second]
  const proof = prove(context, relation, { witness, randomScalar: arcRandomScalar })
  expect(verify(context, relation, proof)).toBe(false)
})

const context = proofContext('CredentialPresentation')

function nonceRelation(nonceCommit: Element): Relation<Element> {
  return {
    scalars: ['nonce', 'nonceBlinding'],
    elements: { G: generatorG, H: generatorH, nonceCommit },
    equations: [
      {
        image: 'nonceCommit',
        sum: [
          ['nonce', 'G'],
          ['nonceBlinding', 'H'],
        ],
      },
    ],
  }
}

function committed(nonce: number, limit: ReturnType<typeof parsePresentationLimit>) {
  const blinding = arcRandomScalar()
  const nonceCommit = combined([BigInt(nonce), generatorG], [blinding, generatorH])
  const { commitments, witness } = commitToDigits({ nonce, blinding }, limit, arcRandomScalar)
  return {
    commitments,
    nonceCommit,
    relation: rangeRelation(nonceRelation(nonceCommit), commitments),
    witness: [BigInt(nonce), blinding, ...witness],
  }
}
