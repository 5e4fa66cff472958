import { expect, test } from 'vitest'
import { generatorH } from '../../../../src/privacypass/arc/hash-to-p256.ts'
import { combined, generatorG } from '../../../../src/privacypass/arc/p256-group.ts'
import { proofContext } from '../../../../src/privacypass/arc/p256-sigma.ts'
import { prove, verify } from '../../../../src/privacypass/arc/sigma-proof.ts'
import { arcRandomScalar } from '../../../support/arc.ts'
import { relationOf, sigmaShapes } from '../../../support/sigma-relations.ts'

const context = proofContext('CredentialRequest')
const secret = arcRandomScalar()
const X = combined([secret, generatorG])
const Y = combined([secret, generatorH])
const relation = relationOf(sigmaShapes.dleq, [generatorG, X, generatorH, Y])
const prover = { witness: [secret], randomScalar: arcRandomScalar }

test('a proof verifies for its statement and purpose, and for no other', () => {
  const proof = prove(context, relation, prover)
  expect(verify(context, relation, proof)).toBe(true)
  expect(verify(proofContext('CredentialResponse'), relation, proof)).toBe(false)
  const other = relationOf(sigmaShapes.dleq, [generatorG, Y, generatorH, X])
  expect(verify(context, other, proof)).toBe(false)
  const swapped = { ...relation, equations: relation.equations.toReversed() }
  expect(verify(context, swapped, proof)).toBe(false)
})

test('another secret proves nothing', () => {
  const proof = prove(context, relation, { ...prover, witness: [secret + 1n] })
  expect(verify(context, relation, proof)).toBe(false)
})

test('more or fewer responses than the statement has scalars are refused', () => {
  const { challenge, responses } = prove(context, relation, prover)
  expect(verify(context, relation, { challenge, responses: [] })).toBe(false)
  expect(verify(context, relation, { challenge, responses: [...responses, 1n] })).toBe(false)
})

test('a statement that names one element twice is refused', () => {
  const twins = relationOf(sigmaShapes.dleq, [generatorG, X, { ...generatorG }, { ...X }])
  const proof = prove(context, twins, prover)
  expect(verify(context, twins, proof)).toBe(false)
})

test('two proofs of one statement share neither challenge nor response', () => {
  const [one, two] = [prove(context, relation, prover), prove(context, relation, prover)]
  expect(one.challenge).not.toBe(two.challenge)
  expect(one.responses[0]).not.toBe(two.responses[0])
})
