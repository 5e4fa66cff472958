import type { CredentialRequest, CredentialResponse } from './credential-messages.ts'
import { generatorH, hashToScalar } from './hash-to-p256.ts'
import { requestRelation, responseRelation } from './issuance-relations.ts'
import {
  combined,
  elementsOf,
  generatorG,
  sumOf,
  sumOfElement,
  type Element,
} from './p256-group.ts'
import { modOrder, type RandomScalar } from './p256-scalar.ts'
import { proofContext } from './p256-sigma.ts'
import type { ServerKey, ServerPublicKey } from './server-keys.ts'
import { prove, verify } from './sigma-proof.ts'

/** What a client keeps between its request and the response. Secret. */
export interface ClientSecrets {
  readonly m1: bigint
  readonly m2: bigint
  readonly r1: bigint
  readonly r2: bigint
}

/** What a client makes its presentations of. Secret. draft-ietf-privacypass-arc-crypto-01 §4.2.3 */
export interface Credential {
  readonly m1: bigint
  readonly U: Element
  readonly UPrime: Element
  readonly X1: Element
}

/** `requestContext` is not sent: whoever verifies presentations has to know it. draft-ietf-privacypass-arc-crypto-01 §4.2.1 */
export function createCredentialRequest(
  requestContext: Buffer,
  randomScalar: RandomScalar,
): { readonly secrets: ClientSecrets; readonly request: CredentialRequest } {
  const m1 = randomScalar()
  const m2 = requestAttribute(requestContext)
  const r1 = randomScalar()
  const r2 = randomScalar()
  const statement = {
    m1Enc: combined([m1, generatorG], [r1, generatorH]),
    m2Enc: combined([m2, generatorG], [r2, generatorH]),
  }
  const requestProof = prove(proofContext('CredentialRequest'), requestRelation(statement), {
    witness: [m1, m2, r1, r2],
    randomScalar,
  })
  return { secrets: { m1, m2, r1, r2 }, request: { ...statement, requestProof } }
}

/** `m2`, which stands for the context of a request. draft-ietf-privacypass-arc-crypto-01 §4.2.1 */
export function requestAttribute(requestContext: Buffer): bigint {
  return hashToScalar(requestContext, 'requestContext')
}

/** Undefined where the request does not prove what it must. draft-ietf-privacypass-arc-crypto-01 §4.2.2 */
export function createCredentialResponse(
  { privateKey, publicKey }: ServerKey,
  request: CredentialRequest,
  randomScalar: RandomScalar,
): CredentialResponse | undefined {
  const { m1Enc, m2Enc, requestProof } = request
  if (!verify(proofContext('CredentialRequest'), requestRelation(request), requestProof))
    return undefined
  const { x0, x1, x2, x0Blinding } = privateKey
  const b = randomScalar()
  const encrypted = sumOf([
    [x1, m1Enc],
    [x2, m2Enc],
  ])
  const [authenticated] = elementsOf([encrypted.add(sumOfElement(publicKey.X0))]) ?? []
  if (authenticated === undefined) return undefined
  const response = {
    U: combined([b, generatorG]),
    encUPrime: combined([b, authenticated]),
    X0Aux: combined([b * x0Blinding, generatorH]),
    X1Aux: combined([b, publicKey.X1]),
    X2Aux: combined([b, publicKey.X2]),
    HAux: combined([b, generatorH]),
  }
  const responseProof = prove(
    proofContext('CredentialResponse'),
    responseRelation({ publicKey, request, response }),
    { witness: [x0, x1, x2, x0Blinding, b, modOrder(b * x1), modOrder(b * x2)], randomScalar },
  )
  return { ...response, responseProof }
}

/** What came of a request. */
export interface Issued {
  readonly secrets: ClientSecrets
  readonly request: CredentialRequest
  readonly response: CredentialResponse
}

/**
 * Undefined where the response does not prove that it was made with the key that everybody else sees.
 * draft-ietf-privacypass-arc-crypto-01 §4.2.3
 */
export function finalizeCredential(
  publicKey: ServerPublicKey,
  { secrets, request, response }: Issued,
): Credential | undefined {
  const relation = responseRelation({ publicKey, request, response })
  if (!verify(proofContext('CredentialResponse'), relation, response.responseProof))
    return undefined
  const { encUPrime, X0Aux, X1Aux, X2Aux, U } = response
  const blinded = sumOf([
    [-secrets.r1, X1Aux],
    [-secrets.r2, X2Aux],
  ])
  const sum = sumOfElement(encUPrime).subtract(sumOfElement(X0Aux)).add(blinded)
  const [UPrime] = elementsOf([sum]) ?? []
  return UPrime && { m1: secrets.m1, U, UPrime, X1: publicKey.X1 }
}
