import { generatorH } from './hash-to-p256.ts'
import { generatorG, type Element } from './p256-group.ts'
import type { CredentialRequest, CredentialResponse } from './credential-messages.ts'
import type { ServerPublicKey } from './server-keys.ts'
import type { Relation } from './sigma-proof.ts'

/** draft-ietf-privacypass-arc-crypto-01 §5.1 */
export function requestRelation({
  m1Enc,
  m2Enc,
}: Pick<CredentialRequest, 'm1Enc' | 'm2Enc'>): Relation<Element> {
  return {
    scalars: ['m1', 'm2', 'r1', 'r2'],
    elements: { G: generatorG, H: generatorH, m1Enc, m2Enc },
    equations: [
      {
        image: 'm1Enc',
        sum: [
          ['m1', 'G'],
          ['r1', 'H'],
        ],
      },
      {
        image: 'm2Enc',
        sum: [
          ['m2', 'G'],
          ['r2', 'H'],
        ],
      },
    ],
  }
}

/** The elements of an issuance that its proof speaks of. */
export interface Issuance {
  readonly publicKey: ServerPublicKey
  readonly request: Pick<CredentialRequest, 'm1Enc' | 'm2Enc'>
  readonly response: Omit<CredentialResponse, 'responseProof'>
}

/** `t1 = b · x1` and `t2 = b · x2`. draft-ietf-privacypass-arc-crypto-01 §5.2 */
export function responseRelation({ publicKey, request, response }: Issuance): Relation<Element> {
  const { X0, X1, X2 } = publicKey
  const { m1Enc, m2Enc } = request
  const { U, encUPrime, X0Aux, X1Aux, X2Aux, HAux } = response
  return {
    scalars: ['x0', 'x1', 'x2', 'x0Blinding', 'b', 't1', 't2'],
    elements: {
      G: generatorG,
      H: generatorH,
      m1Enc,
      m2Enc,
      U,
      encUPrime,
      X0,
      X1,
      X2,
      X0Aux,
      X1Aux,
      X2Aux,
      HAux,
    },
    equations: [
      {
        image: 'X0',
        sum: [
          ['x0', 'G'],
          ['x0Blinding', 'H'],
        ],
      },
      { image: 'X1', sum: [['x1', 'H']] },
      { image: 'X2', sum: [['x2', 'H']] },
      { image: 'HAux', sum: [['b', 'H']] },
      { image: 'X0Aux', sum: [['x0Blinding', 'HAux']] },
      { image: 'X1Aux', sum: [['t1', 'H']] },
      { image: 'X1Aux', sum: [['b', 'X1']] },
      { image: 'X2Aux', sum: [['b', 'X2']] },
      { image: 'X2Aux', sum: [['t2', 'H']] },
      { image: 'U', sum: [['b', 'G']] },
      {
        image: 'encUPrime',
        sum: [
          ['b', 'X0'],
          ['t1', 'm1Enc'],
          ['t2', 'm2Enc'],
        ],
      },
    ],
  }
}
