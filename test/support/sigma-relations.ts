import type { Equation, Relation } from '../../src/privacypass/arc/sigma-proof.ts'

interface Shape {
  readonly scalars: readonly string[]
  readonly elements: readonly string[]
  readonly equations: readonly Equation[]
}

/** The statements that the vectors of sigma proofs prove, in March and in August 2026. */
export const sigmaShapes = {
  discrete_logarithm: {
    scalars: ['x'],
    elements: ['G', 'X'],
    equations: [{ image: 'X', sum: [['x', 'G']] }],
  },
  dleq: {
    scalars: ['x'],
    elements: ['G', 'X', 'H', 'Y'],
    equations: [
      { image: 'X', sum: [['x', 'G']] },
      { image: 'Y', sum: [['x', 'H']] },
    ],
  },
  pedersen_commitment: {
    scalars: ['x', 'r'],
    elements: ['G', 'H', 'C'],
    equations: [
      {
        image: 'C',
        sum: [
          ['x', 'G'],
          ['r', 'H'],
        ],
      },
    ],
  },
  pedersen_commitment_dleq: {
    scalars: ['x', 'r'],
    elements: ['G0', 'G1', 'X', 'G2', 'G3', 'Y'],
    equations: [
      {
        image: 'X',
        sum: [
          ['x', 'G0'],
          ['r', 'G1'],
        ],
      },
      {
        image: 'Y',
        sum: [
          ['x', 'G2'],
          ['r', 'G3'],
        ],
      },
    ],
  },
  bbs_blind_commitment_computation: {
    scalars: ['blind', 'm1', 'm2', 'm3'],
    elements: ['Q2', 'J1', 'J2', 'J3', 'C'],
    equations: [
      {
        image: 'C',
        sum: [
          ['blind', 'Q2'],
          ['m1', 'J1'],
          ['m2', 'J2'],
          ['m3', 'J3'],
        ],
      },
    ],
  },
} satisfies Record<string, Shape>

/** The statement about these elements, in the order of the shape. */
export function relationOf<Element>(shape: Shape, elements: readonly Element[]): Relation<Element> {
  const { scalars, elements: names, equations } = shape
  if (names.length !== elements.length) throw new Error('another number of elements')
  const named = elements.map((element, index) => [names[index] ?? '', element] as const)
  return { scalars, equations, elements: Object.fromEntries(named) }
}
