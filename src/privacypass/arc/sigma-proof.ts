import { challengeOf } from './fiat-shamir.ts'

/** A scalar, which need not be reduced and may be negative, and the element that it multiplies. */
export type ProductOf<Element> = readonly [scalar: bigint, element: Element]

/** What a proof needs of a group of prime order. */
export interface SigmaGroup<Element> {
  /** Names protocol, hash and group: `sigma-proofs_Shake128_P256`. */
  readonly protocol: string
  readonly order: bigint
  readonly scalarBytes: number
  readonly encode: (element: Element) => Buffer
  /** The encodings of sums of products, one after the other; undefined where a sum is the identity. */
  readonly encodeSums: (sums: readonly (readonly ProductOf<Element>[])[]) => Buffer | undefined
}

/** `image` is the sum of `scalar · element`, all by name. */
export interface Equation {
  readonly image: string
  readonly sum: readonly (readonly [scalar: string, element: string])[]
}

/**
 * A statement: somebody knows scalars with which all equations hold. The order of scalars, elements
 * and equations is part of it.
 */
export interface Relation<Element> {
  readonly scalars: readonly string[]
  readonly elements: Readonly<Record<string, Element>>
  readonly equations: readonly Equation[]
}

/** The compact form: whoever verifies computes the commitments. */
export interface SigmaProof {
  readonly challenge: bigint
  /** One for each scalar. */
  readonly responses: readonly bigint[]
}

/** Where a proof belongs. */
export interface SigmaContext<Element> {
  readonly group: SigmaGroup<Element>
  /** Names what the proof is for. */
  readonly session: Buffer
}

/** Who knows the secrets, one for each scalar of the relation. */
export interface Prover {
  readonly witness: readonly bigint[]
  readonly randomScalar: () => bigint
}

/**
 * Proves knowledge of the scalars; `commitments` is what a batchable proof shows instead of the
 * challenge. draft-irtf-cfrg-sigma-protocols-01
 */
export function prove<Element>(
  context: SigmaContext<Element>,
  relation: Relation<Element>,
  { witness, randomScalar }: Prover,
): SigmaProof & { readonly commitments: Buffer } {
  const { group } = context
  const resolved = resolve(relation)
  const nonces = relation.scalars.map(() => randomScalar())
  const commitments = group.encodeSums(resolved.map(({ sum }) => productsOf(sum, nonces)))
  if (commitments === undefined) throw new RangeError('a random element is the identity')
  const challenge = challenged(context, relation, commitments)
  const responses = nonces.map(
    (nonce, index) => (nonce + at(witness, index) * challenge) % group.order,
  )
  return { challenge, responses, commitments }
}

/** Whether `proof` was made with knowledge of the scalars; whatever it reads is public. */
export function verify<Element>(
  context: SigmaContext<Element>,
  relation: Relation<Element>,
  { challenge, responses }: SigmaProof,
): boolean {
  const { group } = context
  if (responses.length !== relation.scalars.length || hasTwins(group, relation)) return false
  const commitments = group.encodeSums(
    resolve(relation).map(({ sum, image }) => {
      const products = productsOf(sum, responses)
      return merged([...products, [-challenge, image]])
    }),
  )
  return commitments !== undefined && challenged(context, relation, commitments) === challenge
}

/** The statement in octets; integers of 4, little-endian. draft-irtf-cfrg-sigma-protocols as of 1 March 2026 */
export function encodeRelation<Element>(
  group: SigmaGroup<Element>,
  { scalars, elements, equations }: Relation<Element>,
): Buffer {
  const scalarAt = new Map(scalars.map((name, index) => [name, index]))
  const elementAt = new Map(Object.keys(elements).map((name, index) => [name, index]))
  const words = equations.flatMap(({ image, sum }) => [
    named(elementAt, image),
    sum.length,
    ...sum.flatMap(([scalar, element]) => [named(scalarAt, scalar), named(elementAt, element)]),
  ])
  const encoded = Object.values(elements).map((element) => group.encode(element))
  return Buffer.concat([...[equations.length, ...words].map(uint32LE), ...encoded])
}

function challenged<Element>(
  { group, session }: SigmaContext<Element>,
  relation: Relation<Element>,
  commitments: Buffer,
): bigint {
  const { protocol, order, scalarBytes } = group
  const label = encodeRelation(group, relation)
  return challengeOf({ protocol, session, label, commitments, order, scalarBytes })
}

interface ResolvedEquation<Element> {
  readonly image: Element
  readonly sum: readonly (readonly [scalar: number, element: Element])[]
}

/** The equations with their elements and the places of their scalars. */
function resolve<Element>(relation: Relation<Element>): readonly ResolvedEquation<Element>[] {
  const scalarAt = new Map(relation.scalars.map((name, index) => [name, index]))
  const elements = new Map(Object.entries(relation.elements))
  return relation.equations.map(({ image, sum }) => ({
    image: named(elements, image),
    sum: sum.map(([scalar, element]) => [named(scalarAt, scalar), named(elements, element)]),
  }))
}

function productsOf<Element>(
  sum: ResolvedEquation<Element>['sum'],
  values: readonly bigint[],
): readonly ProductOf<Element>[] {
  return merged(sum.map(([scalar, element]) => [at(values, scalar), element]))
}

/** One product for each element: a multiplication is what costs. */
function merged<Element>(products: readonly ProductOf<Element>[]): readonly ProductOf<Element>[] {
  const factors = new Map<Element, bigint>()
  for (const [scalar, element] of products)
    factors.set(element, (factors.get(element) ?? 0n) + scalar)
  return [...factors].map(([element, factor]) => [factor, element])
}

/** Two names for one element would be another statement than the one that is meant. */
function hasTwins<Element>(group: SigmaGroup<Element>, { elements }: Relation<Element>): boolean {
  const encoded = Object.values(elements).map((element) => group.encode(element).toString('hex'))
  return new Set(encoded).size < encoded.length
}

function named<Value>(values: ReadonlyMap<string, Value>, name: string): Value {
  const value = values.get(name)
  if (value === undefined) throw new RangeError(`the relation has no ${name}`)
  return value
}

function at(values: readonly bigint[], index: number): bigint {
  const value = values[index]
  if (value === undefined) throw new RangeError('the relation has more scalars')
  return value
}

function uint32LE(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
