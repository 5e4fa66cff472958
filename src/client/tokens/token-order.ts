import type { Randomness } from '../../model/clock.ts'
import { requestBlindRsaToken } from '../../privacypass/blind-rsa/request-token.ts'
import type { TokenKey } from '../../privacypass/token-scheme.ts'
import type { TokenType } from '../../privacypass/token-type.ts'
import type { Token } from '../../privacypass/token.ts'
import { requestAmortizedTokens } from '../../privacypass/voprf/request-tokens.ts'
import { loadRistretto255 } from '../../privacypass/voprf/ristretto255.ts'
import { ClientError } from '../errors.ts'
import type { BatchKey, IssuerConnection } from './issuer-connection.ts'

/** A token that is wanted. */
export interface TokenWish {
  /** 32 octets. */
  readonly nonce: Buffer
  /** The octets of the challenge, for a token of this type. */
  readonly challengeOf: (tokenType: TokenType) => Buffer
}

/** Tokens that are wanted at once. */
export interface TokenOrder {
  readonly issuer: IssuerConnection
  readonly requestUrl: string
  readonly wishes: readonly TokenWish[]
  readonly randomness: Randomness
}

/** The tokens in the order of the wishes, or the size that the issuer wants batches to have. */
export type OrderedTokens =
  | { readonly kind: 'issued'; readonly tokens: readonly Token[] }
  | { readonly kind: 'other-size'; readonly size: number }

/** Type 0x0002. Throws what `IssuerConnection` throws, `invalid-answer`. */
export async function orderBlindRsa(order: TokenOrder, tokenKey: TokenKey): Promise<OrderedTokens> {
  const { issuer, requestUrl, wishes, randomness } = order
  const pending = wishes.map(({ nonce, challengeOf }) =>
    requestBlindRsaToken({ challenge: challengeOf('blindRsa2048'), nonce, tokenKey, randomness }),
  )
  const answer = await issuer.request(
    requestUrl,
    pending.map(({ request }) => request),
  )
  if (answer.kind === 'other-size') return answer
  const tokens = pending.map(({ finalize }, at) => {
    const response = answer.responses[at]
    return valid(response && finalize(response))
  })
  return { kind: 'issued', tokens }
}

/** Type 0x0005, with one proof for all. Throws the same. */
export async function orderAmortized(order: TokenOrder, key: BatchKey): Promise<OrderedTokens> {
  const { issuer, requestUrl, wishes, randomness } = order
  const group = await loadRistretto255()
  const { publicKey } = key
  const tokens = wishes.map(({ nonce, challengeOf }) => ({
    nonce,
    challenge: challengeOf('voprfRistretto255'),
  }))
  const pending = requestAmortizedTokens({ group, publicKey, tokens, randomness })
  const answer = await issuer.requestAmortized(requestUrl, pending.request)
  if (answer.kind === 'other-size') return answer
  return { kind: 'issued', tokens: valid(pending.finalize(answer.response)) }
}

/** Undefined is what the issuer's key did not make. */
function valid<T>(made: T | undefined): T {
  if (made === undefined) throw new ClientError('invalid-answer')
  return made
}
