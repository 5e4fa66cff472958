import { generatorH } from './hash-to-p256.ts'
import {
  elementsOf,
  generatorG,
  identity,
  multiply,
  sameElement,
  sumOfElement,
  type Element,
} from './p256-group.ts'
import { modOrder, type RandomScalar } from './p256-scalar.ts'
import { bitCount, type PresentationLimit } from './presentation-limit.ts'
import type { Equation, Relation } from './sigma-proof.ts'

/** Commitments to the digits of a nonce, and the secrets behind them in the order of `rangeRelation`. */
export interface CommittedDigits {
  readonly commitments: readonly Element[]
  readonly witness: readonly bigint[]
}

/**
 * What the digits of a nonce are worth, falling: powers of two, and a rest so that all of them together
 * are `limit - 1`. draft-ietf-privacypass-arc-crypto-01 §5.4, ComputeBases.
 * INVARIANT: the last one is 1.
 */
export function rangeBases(limit: PresentationLimit): readonly number[] {
  const powers = Array.from({ length: bitCount(limit) - 1 }, (_, bit) => 2 ** bit)
  const rest = powers.reduce((left, power) => left - power, limit) - 1
  return [...powers, rest].toSorted((a, b) => b - a)
}

/**
 * Commits to each digit of `nonce`, so that the commitments times their bases add up to the one of the
 * nonce. Its steps do not depend on the digits. draft-ietf-privacypass-arc-crypto-01 §5.4.1
 */
export function commitToDigits(
  { nonce, blinding }: { readonly nonce: number; readonly blinding: bigint },
  limit: PresentationLimit,
  randomScalar: RandomScalar,
): CommittedDigits {
  const bases = rangeBases(limit)
  const digits = digitsOf(nonce, bases)
  const blindings: bigint[] = []
  let rest = blinding
  for (const base of bases.slice(0, -1)) {
    const drawn = randomScalar()
    blindings.push(drawn)
    rest -= BigInt(base) * drawn
  }
  // The last base is 1: nothing to divide by.
  blindings.push(modOrder(rest))
  const sums = digits.map((digit, index) => {
    const blinded = multiply(blindings[index] ?? 0n, generatorH)
    const [zero, one] = [blinded, blinded.add(sumOfElement(generatorG))]
    return digit === 1n ? one : zero
  })
  const commitments = elementsOf(sums)
  if (commitments === undefined) throw new RangeError('a random element is the identity')
  const opposites = blindings.map((drawn, index) => (1n - (digits[index] ?? 0n)) * drawn)
  return { commitments, witness: [...digits, ...blindings, ...opposites] }
}

function digitsOf(nonce: number, bases: readonly number[]): readonly bigint[] {
  let rest = nonce
  return bases.map((base) => {
    const digit = Number(rest >= base)
    rest -= digit * base
    return BigInt(digit)
  })
}

/**
 * `base` with what makes its `nonceCommit` one of a nonce below the limit: each digit is 0 or 1. With
 * one digit its commitment is the one of the nonce, and has no second name: so do the vectors, while
 * the text of the draft gives it one. draft-ietf-privacypass-arc-crypto-01 §5.4
 */
export function rangeRelation(
  base: Relation<Element>,
  commitments: readonly Element[],
): Relation<Element> {
  const places = commitments.map((_, index) => index)
  const single = commitments.length === 1
  const name = (place: number) => (single ? 'nonceCommit' : `D${place}`)
  const named = commitments.map((commitment, place) => [name(place), commitment] as const)
  return {
    scalars: [
      ...base.scalars,
      ...places.map((place) => `b${place}`),
      ...places.map((place) => `s${place}`),
      ...places.map((place) => `s2${place}`),
    ],
    elements: single ? base.elements : { ...base.elements, ...Object.fromEntries(named) },
    equations: [
      ...base.equations,
      ...places.flatMap((place) => digitEquations(place, name(place))),
    ],
  }
}

/** The second one holds for `b = b²` only, as `s2 = (1 - b) · s`. */
function digitEquations(place: number, commitment: string): readonly Equation[] {
  const [b, s, s2] = [`b${place}`, `s${place}`, `s2${place}`]
  return [
    {
      image: commitment,
      sum: [
        [b, 'G'],
        [s, 'H'],
      ],
    },
    {
      image: commitment,
      sum: [
        [b, commitment],
        [s2, 'H'],
      ],
    },
  ]
}

/** Whether the digits' commitments times their bases add up to the nonce's. draft-ietf-privacypass-arc-crypto-01 §5.4.2 */
export function digitsAddUp(
  commitments: readonly Element[],
  nonceCommit: Element,
  limit: PresentationLimit,
): boolean {
  const bases = rangeBases(limit)
  let sum = identity
  // Bit by bit from the highest: bases have at most ten bits.
  for (let bit = bitCount(limit) - 1; bit >= 0; bit -= 1) {
    sum = sum.double()
    for (const [index, commitment] of commitments.entries())
      if ((((bases[index] ?? 0) >> bit) & 1) === 1) sum = sum.add(sumOfElement(commitment))
  }
  const [element] = elementsOf([sum]) ?? []
  return element !== undefined && sameElement(element, nonceCommit)
}
