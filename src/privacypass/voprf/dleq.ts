import { createHash } from 'node:crypto'
import { GatewayError } from '../../model/errors.ts'
import type { Randomness } from '../../model/clock.ts'
import type { Multiplier } from './group.ts'
import { lengthPrefixed, twoOctets, type OprfSuite } from './suite.ts'

/** An element and the same element times the key. */
export interface Evaluation {
  readonly blinded: Buffer
  readonly evaluated: Buffer
}

export interface ProvingKey {
  readonly secretKey: Buffer
  readonly multiplier: Multiplier
  readonly publicKey: Buffer
}

/**
 * Proves that one key made all of the evaluations, from 1 to 65,535: challenge and response, two scalars.
 * RFC 9497 §2.2.1, `GenerateProof`
 */
export function proveEvaluations(
  suite: OprfSuite,
  { key, evaluations, randomness }: Proving,
): Buffer {
  const { group } = suite
  const weighted = withWeights(suite, key.publicKey, evaluations)
  const blinded = sumOf(
    suite,
    weighted.map((each) => [each.weight, each.blinded]),
  )
  if (blinded === undefined) throw new GatewayError('internal')
  const commitment = group.randomScalar(randomness)
  const challenge = challengeOf(suite, [
    key.publicKey,
    blinded,
    key.multiplier.multiply(blinded),
    group.multiplyGenerator(commitment),
    group.multiplier(commitment).multiply(blinded),
  ])
  const response = group.subtractProduct(commitment, challenge, key.secretKey)
  return Buffer.concat([challenge, response])
}

interface Proving {
  readonly key: ProvingKey
  readonly evaluations: readonly Evaluation[]
  readonly randomness: Randomness
}

/** Whether the key with this public half made all of the evaluations. RFC 9497 §2.2.2, `VerifyProof` */
export function verifyEvaluations(
  suite: OprfSuite,
  { publicKey, evaluations, proof }: Verifying,
): boolean {
  const { group } = suite
  const [challenge, response] = [
    proof.subarray(0, group.scalarBytes),
    proof.subarray(group.scalarBytes),
  ]
  if (!group.isScalar(challenge) || !group.isScalar(response)) return false
  const weighted = withWeights(suite, publicKey, evaluations)
  const blinded = sumOf(
    suite,
    weighted.map((each) => [each.weight, each.blinded]),
  )
  const evaluated = sumOf(
    suite,
    weighted.map((each) => [each.weight, each.evaluated]),
  )
  if (blinded === undefined || evaluated === undefined) return false
  const [times, timesResponse] = [group.multiplier(challenge), group.multiplier(response)]
  const first = group.add(group.multiplyGenerator(response), times.multiply(publicKey))
  const second = group.add(timesResponse.multiply(blinded), times.multiply(evaluated))
  if (first === undefined || second === undefined) return false
  return challengeOf(suite, [publicKey, blinded, evaluated, first, second]).equals(challenge)
}

interface Verifying {
  readonly publicKey: Buffer
  readonly evaluations: readonly Evaluation[]
  /** Challenge and response. */
  readonly proof: Buffer
}

function challengeOf({ group, tags }: OprfSuite, elements: readonly Buffer[]): Buffer {
  const transcript = Buffer.concat([lengthPrefixed(...elements), Buffer.from('Challenge')])
  return group.hashToScalar(transcript, tags.hashToScalar)
}

/** A scalar for each evaluation, which nobody can choose. RFC 9497 §2.2.1, `ComputeComposites` */
function withWeights(
  { group, tags }: OprfSuite,
  publicKey: Buffer,
  evaluations: readonly Evaluation[],
): readonly (Evaluation & { readonly weight: Buffer })[] {
  const seed = createHash(group.hash).update(lengthPrefixed(publicKey, tags.seed)).digest()
  return evaluations.map(({ blinded, evaluated }, index) => {
    const transcript = [
      lengthPrefixed(seed),
      twoOctets(index),
      lengthPrefixed(blinded, evaluated),
      Buffer.from('Composite'),
    ]
    const weight = group.hashToScalar(Buffer.concat(transcript), tags.hashToScalar)
    return { blinded, evaluated, weight }
  })
}

/** The sum of all products; undefined for the identity. */
function sumOf(
  { group }: OprfSuite,
  products: readonly (readonly [weight: Buffer, element: Buffer])[],
): Buffer | undefined {
  let sum: Buffer | undefined
  for (const [weight, element] of products) {
    const product = group.multiplier(weight).multiply(element)
    sum = sum === undefined ? product : group.add(sum, product)
  }
  return sum
}
