import type { Randomness } from '../../model/clock.ts'
import { decode, encode } from '../../wire/codec.ts'
import {
  arcCredentialRequestCodec,
  arcTokenCodec,
  challengeDigest,
  presentationContextOf,
  requestContextOf,
  type ArcChallenge,
} from './arc-messages.ts'
import { credentialResponseCodec } from './credential-messages.ts'
import { createCredentialRequest, finalizeCredential, type Credential } from './issuance.ts'
import { randomScalars } from './p256-scalar.ts'
import { present, presentationCodec, presentationGenerator } from './presentation.ts'
import { parsePresentationLimit } from './presentation-limit.ts'
import { keyIdOf, serverPublicKeyCodec } from './server-keys.ts'

export interface ArcClientOptions {
  /** The issuer's, 99 octets, as everybody else sees it. */
  readonly publicKey: Uint8Array
  /** Issuer, origin and credential context count, the redemption context does not. */
  readonly challenge: ArcChallenge
  readonly randomness: Randomness
}

/** A request that is under way. */
export interface ArcCredentialRequest {
  /** For the issuer: `application/private-credential-request`, 229 octets. */
  readonly request: Buffer
  /** Undefined where the response is not of the issuer's key. Throws `WireError`. */
  readonly finish: (response: Uint8Array) => ArcCredential | undefined
}

/** The client's half. Throws `WireError` where the public key is malformed. */
export function requestArcCredential(options: ArcClientOptions): ArcCredentialRequest {
  const { challenge, randomness } = options
  const randomScalar = randomScalars(randomness)
  const publicKey = decode(serverPublicKeyCodec, options.publicKey)
  const keyId = keyIdOf(publicKey)
  const boundTo = requestContextOf(challenge, keyId)
  const { secrets, request } = createCredentialRequest(boundTo, randomScalar)
  return {
    request: encode(arcCredentialRequestCodec, {
      tokenType: 'arc',
      truncatedIssuerKeyId: keyId.readUInt8(keyId.length - 1),
      encodedRequest: request,
    }),
    finish: (bytes) => {
      const response = decode(credentialResponseCodec, bytes)
      const credential = finalizeCredential(publicKey, { secrets, request, response })
      return credential && new ArcCredential({ credential, keyId, boundTo, randomness })
    },
  }
}

export type ArcPresented =
  | { readonly kind: 'presented'; readonly token: Buffer }
  /** The limit of this context is reached, or there are too many contexts to count. */
  | { readonly kind: 'exhausted' }
  /** The challenge wants a credential of another issuer, origin or context. */
  | { readonly kind: 'other-credential' }

interface Held {
  readonly credential: Credential
  readonly keyId: Buffer
  readonly boundTo: Buffer
  readonly randomness: Randomness
}

/**
 * Counts what it has presented for each context, in memory: a count that went down would give one tag
 * twice, and with it away that both presentations are of one client.
 */
export class ArcCredential {
  readonly #held: Held
  readonly #next = new Map<string, number>()

  constructor(held: Held) {
    this.#held = held
  }

  /** A Token for the challenge. Throws `configuration-invalid` where the limit is not from 2 to 1,024. */
  present(challenge: ArcChallenge, limit: number): ArcPresented {
    const { credential, keyId, boundTo, randomness } = this.#held
    const checkedLimit = parsePresentationLimit(limit)
    if (!requestContextOf(challenge, keyId).equals(boundTo)) return { kind: 'other-credential' }
    const context = presentationContextOf(challenge, keyId)
    const nonce = this.#take(context.toString('latin1'), checkedLimit)
    if (nonce === undefined) return { kind: 'exhausted' }
    const presentation = present(
      { credential, nonce },
      { generatorT: presentationGenerator(context), limit: checkedLimit },
      randomScalars(randomness),
    )
    const token = encode(arcTokenCodec(checkedLimit), {
      tokenType: 'arc',
      presentationNonce: 'hidden',
      challengeDigest: challengeDigest(challenge),
      issuerKeyId: keyId,
      presentation: encode(presentationCodec(checkedLimit), presentation),
    })
    return { kind: 'presented', token }
  }

  /** Counts before it is used: a presentation that fails is lost, and none is made twice. */
  #take(context: string, limit: number): number | undefined {
    const nonce = this.#next.get(context)
    if (nonce === undefined && this.#next.size >= CONTEXTS_MAX) return undefined
    if ((nonce ?? 0) >= limit) return undefined
    this.#next.set(context, (nonce ?? 0) + 1)
    return nonce ?? 0
  }
}

/** A context is one room in one epoch. */
const CONTEXTS_MAX = 16_384
