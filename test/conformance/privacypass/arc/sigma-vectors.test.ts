import { bls12_381 } from '@noble/curves/bls12-381.js'
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  elementCodec,
  generatorG,
  type Element,
} from '../../../../src/privacypass/arc/p256-group.ts'
import { P256_ORDER } from '../../../../src/privacypass/arc/p256-scalar.ts'
import { proofContext } from '../../../../src/privacypass/arc/p256-sigma.ts'
import {
  encodeRelation,
  prove,
  verify,
  type Relation,
  type SigmaGroup,
} from '../../../../src/privacypass/arc/sigma-proof.ts'
import { decode } from '../../../../src/wire/codec.ts'
import { fromHex } from '../../../support/hex.ts'
import { relationOf, sigmaShapes } from '../../../support/sigma-relations.ts'
import { testDrng } from '../../../support/test-drng.ts'
import { vectorJson } from '../../../support/vectors.ts'

const march = z
  .record(
    z.enum(Object.keys(sigmaShapes) as (keyof typeof sigmaShapes)[]),
    z.object({
      Ciphersuite: z.literal('sigma-proofs_Shake128_BLS12381'),
      SessionId: z.string(),
      Statement: z.string(),
      Witness: z.string(),
      Proof: z.string(),
      'Batchable Proof': z.string(),
    }),
  )
  .optional()
  .parse(vectorJson('ratelimit/sigma_2026-03-01_c8b6105__testSigmaProtocols.json'))

const august = z
  .array(
    z.object({
      Relation: z.string(),
      Flavor: z.string(),
      Tag: z.string(),
      SessionId: z.string(),
      Instance: z.string(),
      NargString: z.string(),
      Expected: z.literal('accept'),
    }),
  )
  .optional()
  .parse(vectorJson('ratelimit/sigma_2026-08-16__sigma-proofs_Shake128_P256.json'))

type BlsPoint = InstanceType<typeof bls12_381.G1.Point>
const order = bls12_381.fields.Fr.ORDER

/** The group of the vectors, by noble: nothing of it is ours but the proofs. */
const bls: SigmaGroup<BlsPoint> = {
  protocol: 'sigma-proofs_Shake128_BLS12381',
  order,
  scalarBytes: 32,
  encode: (element) => Buffer.from(element.toBytes(true)),
  encodeSums: (sums) =>
    Buffer.concat(
      sums.map((products) =>
        products
          .map(([scalar, element]) => element.multiplyUnsafe(((scalar % order) + order) % order))
          .reduce((sum, product) => sum.add(product))
          .toBytes(true),
      ),
    ),
}

/** The integers in `bytes`, of 32 octets each. */
function integersOf(bytes: Buffer): readonly bigint[] {
  return Array.from({ length: bytes.length / 32 }, (_, index) =>
    BigInt(`0x${bytes.subarray(32 * index, 32 * (index + 1)).toString('hex')}`),
  )
}

function hexOf(values: readonly bigint[]): string {
  return values.map((value) => value.toString(16).padStart(64, '0')).join('')
}

/** The last elements of `hex`, as many as the shape has, or one less where the first is implied. */
function elementsIn(hex: string, count: number, bytes: number): readonly Buffer[] {
  const all = fromHex(hex)
  return Array.from({ length: count }, (_, index) => {
    const start = all.length - (count - index) * bytes
    return all.subarray(start, start + bytes)
  })
}

describe.skipIf(march === undefined)('the sigma vectors of March 2026 belong to ARC', () => {
  test.each(Object.entries(march ?? {}))('%s', (name, vector) => {
    const shape = sigmaShapes[name as keyof typeof sigmaShapes]
    const elements = elementsIn(vector.Statement, shape.elements.length, 48).map((bytes) =>
      bls12_381.G1.Point.fromBytes(bytes),
    )
    const relation = relationOf(shape, elements)
    expect(encodeRelation(bls, relation).toString('hex')).toBe(vector.Statement)
    const context = { group: bls, session: fromHex(vector.SessionId) }
    const randomScalar = testDrng('proof_generation_seed', order).nonce
    const prover = { witness: integersOf(fromHex(vector.Witness)), randomScalar }
    const batchable = prove(context, relation, prover)
    expect(batchable.commitments.toString('hex') + hexOf(batchable.responses)).toBe(
      vector['Batchable Proof'],
    )
    // The second proof draws on from where the first one stopped.
    const { challenge, responses } = prove(context, relation, prover)
    expect(hexOf([challenge, ...responses])).toBe(vector.Proof)
    expect(verify(context, relation, { challenge, responses })).toBe(true)
    expect(verify(context, relation, { challenge: challenge + 1n, responses })).toBe(false)
    const other = { group: bls, session: Buffer.from('another session') }
    expect(verify(other, relation, { challenge, responses })).toBe(false)
  })
})

/** Those that both files have, with the generator as the first element. */
const shared = ['discrete_logarithm', 'dleq', 'pedersen_commitment'] as const
const { group: p256 } = proofContext('CredentialPresentation')

/** The challenge by the rules of August: other labels, another start, and octets read from the other end. */
function augustChallenge(vector: { SessionId: string; Instance: string }, commitments: Buffer) {
  const first = Buffer.concat([fromHex(vector.SessionId), Buffer.alloc(168 - 32)])
  const digest = createHash('shake128', { outputLength: 48 })
    .update(first)
    .update(fromHex(vector.Instance))
    .update(commitments)
    .digest()
  return BigInt(`0x${Buffer.from(digest.toReversed()).toString('hex')}`) % P256_ORDER
}

/** What a verifier computes, under whatever rules. */
function commitmentsOf(relation: Relation<Element>, proof: readonly bigint[]): Buffer {
  const [challenge = 0n, ...responses] = proof
  const element = (name: string): Element => relation.elements[name] ?? generatorG
  const scalar = (name: string): bigint => responses[relation.scalars.indexOf(name)] ?? 0n
  const sums = relation.equations.map(({ image, sum }) => [
    ...sum.map(([name, of]) => [scalar(name), element(of)] as const),
    [-challenge, element(image)] as const,
  ])
  return p256.encodeSums(sums) ?? Buffer.alloc(0)
}

describe.skipIf(august === undefined)(
  'the sigma vectors of August 2026 do not belong to ARC',
  () => {
    const cases = (august ?? []).flatMap((vector) => {
      const name = shared.find((one) => one === vector.Relation)
      if (name === undefined || vector.Flavor !== 'compact') return []
      const shape = sigmaShapes[name]
      const rest = elementsIn(vector.Instance, shape.elements.length - 1, 33)
      const elements = rest.map((bytes) => decode(elementCodec, bytes))
      const relation = relationOf(shape, [generatorG, ...elements])
      return [{ name, vector, relation, proof: integersOf(fromHex(vector.NargString)) }]
    })

    test('there are proofs about the same statements as in March', () => {
      expect(cases.map(({ name }) => name)).toEqual(shared)
    })

    test.each(cases)('$name: the proof is right under the rules of August', (one) => {
      const commitments = commitmentsOf(one.relation, one.proof)
      expect(augustChallenge(one.vector, commitments)).toBe(one.proof[0])
    })

    test.each(cases)('$name: and wrong under those that the vectors of ARC have', (one) => {
      const [challenge = 0n, ...responses] = one.proof
      for (const session of [one.vector.Tag, fromHex(one.vector.SessionId)])
        expect(
          verify({ group: p256, session: Buffer.from(session) }, one.relation, {
            challenge,
            responses,
          }),
        ).toBe(false)
    })

    test.each(cases)(
      '$name: its statement has coefficients, which those of ARC have not',
      (one) => {
        const ours = encodeRelation(p256, one.relation)
        const coefficients = one.relation.equations.reduce(
          (sum, equation) => sum + 1 + equation.sum.length,
          0,
        )
        const counts = one.relation.equations.length
        // A count of images and a coefficient for each image and each term more, the generator less.
        expect(fromHex(one.vector.Instance)).toHaveLength(
          ours.length + 32 * coefficients + 4 * counts - 33,
        )
      },
    )
  },
)
