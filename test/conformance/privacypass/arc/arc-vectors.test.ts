import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  createCredentialRequest,
  createCredentialResponse,
  finalizeCredential,
  requestAttribute,
  type Credential,
} from '../../../../src/privacypass/arc/issuance.ts'
import { credentialRequestCodec } from '../../../../src/privacypass/arc/credential-messages.ts'
import { encodeElement, type Element } from '../../../../src/privacypass/arc/p256-group.ts'
import {
  octetsOf,
  P256_ORDER,
  scalarCodec,
  type RandomScalar,
} from '../../../../src/privacypass/arc/p256-scalar.ts'
import { parsePresentationLimit } from '../../../../src/privacypass/arc/presentation-limit.ts'
import {
  present,
  presentationCodec,
  presentationGenerator,
  verifyPresentation,
} from '../../../../src/privacypass/arc/presentation.ts'
import { generateServerKey } from '../../../../src/privacypass/arc/server-keys.ts'
import type { SigmaProof } from '../../../../src/privacypass/arc/sigma-proof.ts'
import { decode, encode } from '../../../../src/wire/codec.ts'
import { fromHex } from '../../../support/hex.ts'
import { testDrng } from '../../../support/test-drng.ts'
import { vectorJson } from '../../../support/vectors.ts'

const group = z.record(z.string(), z.string())
const file = z
  .object({
    'ARCV1-P256': z.object({
      ServerKey: group,
      CredentialRequest: group.and(z.object({ request_context: z.string() })),
      CredentialResponse: group,
      Credential: group,
      Presentation1: group.and(z.object({ presentation_context: z.string() })),
      Presentation2: group,
    }),
  })
  .optional()
const vectors = file.parse(vectorJson('ratelimit/arc_p256_draft_2026-03-02.json'))?.['ARCV1-P256']

const drng = testDrng('test vector seed', P256_ORDER)
const limit = parsePresentationLimit(2)
const point = (element: Element): string => encodeElement(element).toString('hex')
const scalar = (value: bigint | undefined): string => octetsOf(value ?? -1n).toString('hex')
const proofHex = ({ challenge, responses }: SigmaProof): string =>
  [challenge, ...responses].map((value) => encode(scalarCodec, value).toString('hex')).join('')

/** `secrets` draws of the first kind, then those of a proof; all of the first kind are kept. */
function draws(secrets: number): { readonly drawn: bigint[]; readonly next: RandomScalar } {
  const drawn: bigint[] = []
  return {
    drawn,
    next: () => {
      if (drawn.length === secrets) return drng.nonce()
      const value = drng.secret()
      drawn.push(value)
      return value
    },
  }
}

function play(requestContext: Buffer, presentationContext: Buffer) {
  const key = generateServerKey(draws(4).next)
  const { secrets, request } = createCredentialRequest(requestContext, draws(3).next)
  const issuing = draws(1)
  const response = createCredentialResponse(key, request, issuing.next)
  if (response === undefined) throw new Error('the request is refused')
  const credential = finalizeCredential(key.publicKey, { secrets, request, response })
  if (credential === undefined) throw new Error('the response is refused')
  const generatorT = presentationGenerator(presentationContext)
  const presentations = [0, 1].map((nonce) => presented(credential, { generatorT, nonce }))
  return { key, secrets, request, response, credential, generatorT, presentations, issuing }
}

function presented(
  credential: Credential,
  { generatorT, nonce }: { readonly generatorT: Element; readonly nonce: number },
) {
  const { drawn, next } = draws(4)
  return { drawn, nonce, ...present({ credential, nonce }, { generatorT, limit }, next) }
}

type Played = ReturnType<typeof play>

function keyAndCredential({ key, credential }: Played) {
  const { privateKey, publicKey } = key
  return {
    ServerKey: {
      x0: scalar(privateKey.x0),
      x1: scalar(privateKey.x1),
      x2: scalar(privateKey.x2),
      xb: scalar(privateKey.x0Blinding),
      X0: point(publicKey.X0),
      X1: point(publicKey.X1),
      X2: point(publicKey.X2),
    },
    Credential: {
      m1: scalar(credential.m1),
      U: point(credential.U),
      U_prime: point(credential.UPrime),
      X1: point(credential.X1),
    },
  }
}

function issuance({ secrets, request, response, issuing }: Played) {
  return {
    CredentialRequest: {
      m1: scalar(secrets.m1),
      m2: scalar(secrets.m2),
      r1: scalar(secrets.r1),
      r2: scalar(secrets.r2),
      m1_enc: point(request.m1Enc),
      m2_enc: point(request.m2Enc),
      proof: proofHex(request.requestProof),
    },
    CredentialResponse: {
      b: scalar(issuing.drawn[0]),
      U: point(response.U),
      enc_U_prime: point(response.encUPrime),
      X0_aux: point(response.X0Aux),
      X1_aux: point(response.X1Aux),
      X2_aux: point(response.X2Aux),
      H_aux: point(response.HAux),
      proof: proofHex(response.responseProof),
    },
  }
}

function presentation(one: Played['presentations'][number] | undefined) {
  if (one === undefined) throw new Error('no such presentation')
  const { presentationProof, drawn } = one
  const D = presentationProof.D.map((commitment) => point(commitment))
  return {
    a: scalar(drawn[0]),
    r: scalar(drawn[1]),
    z: scalar(drawn[2]),
    nonce: `0x${one.nonce.toString(16)}`,
    nonce_blinding: scalar(drawn[3]),
    nonce_commit: point(one.nonceCommit),
    U: point(one.U),
    U_prime_commit: point(one.UPrimeCommit),
    m1_commit: point(one.m1Commit),
    tag: point(one.tag),
    D_0: D[0],
    proof: D.join('') + proofHex(presentationProof),
  }
}

describe.skipIf(vectors === undefined)('the vectors of ARC(P-256) as of 2 March 2026', () => {
  const request_context = vectors?.CredentialRequest.request_context ?? ''
  const presentation_context = vectors?.Presentation1.presentation_context ?? ''
  const played = play(fromHex(request_context), fromHex(presentation_context))

  test('every value of the file comes out of the same randomness, and there is no other', () => {
    const made = issuance(played)
    const [one, two] = played.presentations
    expect({
      ...keyAndCredential(played),
      ...made,
      CredentialRequest: { ...made.CredentialRequest, request_context },
      Presentation1: { ...presentation(one), presentation_context },
      Presentation2: { ...presentation(two), presentation_context },
    }).toEqual(vectors)
  })

  test('their octets decode, and verify with the key of the vectors', () => {
    const { CredentialRequest: sent, Presentation1: shown } = vectors ?? {}
    const request = decode(
      credentialRequestCodec,
      fromHex(`${sent?.['m1_enc']}${sent?.['m2_enc']}${sent?.['proof']}`),
    )
    expect(createCredentialResponse(played.key, request, drng.nonce)).toBeDefined()
    const names = ['U', 'U_prime_commit', 'm1_commit', 'tag', 'nonce_commit', 'proof']
    const octets = fromHex(names.map((name) => shown?.[name]).join(''))
    const m2 = requestAttribute(fromHex(request_context))
    const expected = { m2, generatorT: played.generatorT, limit }
    const decoded = decode(presentationCodec(limit), octets)
    expect(verifyPresentation(played.key, expected, decoded)).toBe(true)
    expect(verifyPresentation(played.key, { ...expected, m2: m2 + 1n }, decoded)).toBe(false)
  })
})
