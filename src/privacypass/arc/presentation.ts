import { struct, type Codec } from '../../wire/codec.ts'
import { generatorH, hashToGroup } from './hash-to-p256.ts'
import type { Credential } from './issuance.ts'
import {
  combined,
  ELEMENT_BYTES,
  elementCodec,
  elementsOf,
  generatorG,
  sumOf,
  sumOfElement,
  type Element,
} from './p256-group.ts'
import { inverse, modOrder, SCALAR_BYTES, scalarCodec, type RandomScalar } from './p256-scalar.ts'
import { proofContext } from './p256-sigma.ts'
import { bitCount, type PresentationLimit } from './presentation-limit.ts'
import { commitToDigits, digitsAddUp, rangeRelation } from './range-proof.ts'
import { repeated } from './repeated.ts'
import type { ServerKey } from './server-keys.ts'
import { prove, verify, type Relation, type SigmaProof } from './sigma-proof.ts'

/** draft-ietf-privacypass-arc-crypto-01 §4.3.2 */
export interface Presentation {
  readonly U: Element
  readonly UPrimeCommit: Element
  readonly m1Commit: Element
  /** The same for the same credential, context and nonce, and random otherwise. */
  readonly tag: Element
  readonly nonceCommit: Element
  readonly presentationProof: SigmaProof & { readonly D: readonly Element[] }
}

/** 486 octets with a limit of 2, 873 with 16, 1,389 with 256. draft-ietf-privacypass-arc-crypto-01 §4.3.2 */
export function presentationCodec(limit: PresentationLimit): Codec<Presentation> {
  const digits = bitCount(limit)
  return struct({
    U: elementCodec,
    UPrimeCommit: elementCodec,
    m1Commit: elementCodec,
    tag: elementCodec,
    nonceCommit: elementCodec,
    presentationProof: struct({
      D: repeated(elementCodec, digits),
      challenge: scalarCodec,
      responses: repeated(scalarCodec, 5 + 3 * digits),
    }),
  })
}

/** The octets of `presentationCodec`. */
export function presentationBytes(limit: PresentationLimit): number {
  const digits = bitCount(limit)
  return (5 + digits) * ELEMENT_BYTES + (6 + 3 * digits) * SCALAR_BYTES
}

/** What a presentation is for. */
export interface Occasion {
  /** Of the context: `presentationGenerator`. */
  readonly generatorT: Element
  readonly limit: PresentationLimit
}

/** The base of all tags of one context. draft-ietf-privacypass-arc-crypto-01 §4.3.2 */
export function presentationGenerator(presentationContext: Buffer): Element {
  return hashToGroup(presentationContext, 'Tag')
}

/**
 * `nonce` is from 0 to the limit - 1, and never the same twice with one credential and one context: the
 * two tags would be the same. draft-ietf-privacypass-arc-crypto-01 §4.3.2
 */
export function present(
  { credential, nonce }: { readonly credential: Credential; readonly nonce: number },
  { generatorT, limit }: Occasion,
  randomScalar: RandomScalar,
): Presentation {
  const { m1, X1 } = credential
  const a = randomScalar()
  const r = randomScalar()
  const z = randomScalar()
  const blinding = randomScalar()
  const count = BigInt(nonce)
  const U = combined([a, credential.U])
  const shown = {
    U,
    UPrimeCommit: combined([a, credential.UPrime], [r, generatorG]),
    m1Commit: combined([m1, U], [z, generatorH]),
    tag: combined([inverse(modOrder(m1 + count)), generatorT]),
    nonceCommit: combined([count, generatorG], [blinding, generatorH]),
  }
  const V = combined([z, X1], [-r, generatorG])
  const digits = commitToDigits({ nonce, blinding }, limit, randomScalar)
  const D = digits.commitments
  const relation = presentationRelation({ ...shown, V, X1, generatorT }, D)
  const { challenge, responses } = prove(proofContext('CredentialPresentation'), relation, {
    witness: [m1, z, modOrder(-r), count, blinding, ...digits.witness],
    randomScalar,
  })
  return { ...shown, presentationProof: { D, challenge, responses } }
}

/**
 * Whether a credential that was issued with `key` and for `m2`, the `requestAttribute`, gave this
 * presentation, and not more than the limit. draft-ietf-privacypass-arc-crypto-01 §4.3.3
 */
export function verifyPresentation(
  { privateKey, publicKey }: ServerKey,
  { m2, generatorT, limit }: Occasion & { readonly m2: bigint },
  presentation: Presentation,
): boolean {
  const { presentationProof, ...shown } = presentation
  const { D } = presentationProof
  if (!digitsAddUp(D, shown.nonceCommit, limit)) return false
  const { x0, x1, x2 } = privateKey
  const expected = sumOf([
    [x0 + x2 * m2, shown.U],
    [x1, shown.m1Commit],
  ])
  const [V] = elementsOf([expected.subtract(sumOfElement(shown.UPrimeCommit))]) ?? []
  if (V === undefined) return false
  const relation = presentationRelation({ ...shown, V, X1: publicKey.X1, generatorT }, D)
  return verify(proofContext('CredentialPresentation'), relation, presentationProof)
}

type Shown = Omit<Presentation, 'presentationProof'> & {
  readonly V: Element
  readonly X1: Element
  readonly generatorT: Element
}

/** draft-ietf-privacypass-arc-crypto-01 §5.3 */
function presentationRelation(shown: Shown, digits: readonly Element[]): Relation<Element> {
  const { U, UPrimeCommit, m1Commit, V, X1, tag, generatorT, nonceCommit } = shown
  const relation = {
    scalars: ['m1', 'z', '-r', 'nonce', 'nonceBlinding'],
    elements: {
      G: generatorG,
      H: generatorH,
      U,
      UPrimeCommit,
      m1Commit,
      V,
      X1,
      tag,
      T: generatorT,
      nonceCommit,
    },
    equations: [
      {
        image: 'm1Commit',
        sum: [
          ['m1', 'U'],
          ['z', 'H'],
        ],
      },
      {
        image: 'V',
        sum: [
          ['z', 'X1'],
          ['-r', 'G'],
        ],
      },
      {
        image: 'nonceCommit',
        sum: [
          ['nonce', 'G'],
          ['nonceBlinding', 'H'],
        ],
      },
      {
        image: 'T',
        sum: [
          ['m1', 'tag'],
          ['nonce', 'tag'],
        ],
      },
    ],
  } as const
  return rangeRelation(relation, digits)
}
