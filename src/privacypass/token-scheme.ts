import { ownBytes } from './own-bytes.ts'
import type { TokenRequest, TokenResponse } from './issuance.ts'
import { parseToken, type Token } from './token.ts'
import type { TokenType } from './token-type.ts'

/** A key of an issuer, as whoever checks its tokens has it. */
export interface TokenKey {
  readonly tokenType: TokenType
  /** The issuer's name, as it stands in challenges. */
  readonly issuer: string
  /** SHA-256 of `publicKey`: `token_key_id`. */
  readonly keyId: Buffer
  /** In the encoding of the token type: what `token-key` and directories hold. */
  readonly publicKey: Buffer
  /** Whether the authenticator is one of this key. The expensive part of every check. */
  readonly authenticates: (token: Token) => boolean
}

/** A key of an issuer with its private half, which stays inside. */
export interface IssuerKey {
  readonly tokenKey: TokenKey
  /** Undefined for a blinded message that is none of the key's group. Throws `key-unavailable`. */
  readonly evaluate: (request: TokenRequest) => TokenResponse | undefined
}

/** A challenge that is acceptable now, by its digest, and what it stands for. */
export interface ExpectedChallenge<Context> {
  /** 32 octets, `challengeDigest`. */
  readonly digest: Buffer
  readonly context: Context
}

/** What a token may be bound to; both lists are short. */
export interface ExpectedToken<Context> {
  /** Keys that are live, of any types and issuers. */
  readonly keys: readonly TokenKey[]
  readonly challenges: readonly ExpectedChallenge<Context>[]
}

/** A token that authenticates. It may still have been spent. */
export interface VerifiedToken<Context> {
  readonly issuer: string
  readonly keyId: Buffer
  readonly context: Context
  /** 32 octets by which the token is spent, over memory of their own: its nonce. */
  readonly spendKey: Buffer
}

export type TokenRefusal =
  'wrong-type' | 'unknown-key' | 'wrong-challenge' | 'invalid-authenticator'

export type TokenVerdict<Context> =
  | { readonly kind: 'valid'; readonly token: VerifiedToken<Context> }
  | { readonly kind: 'refused'; readonly reason: TokenRefusal }

export type IssueRefusal = 'wrong-type' | 'unknown-key' | 'invalid-message'

export type IssueVerdict =
  | { readonly kind: 'issued'; readonly response: TokenResponse }
  | { readonly kind: 'refused'; readonly reason: IssueRefusal }

/** One token type: how its tokens are read, checked and issued. */
export interface TokenScheme {
  readonly tokenType: TokenType
  /** Reads exactly one token, of any known type. Throws `WireError`. */
  readonly parse: (bytes: Uint8Array) => Token
  /** Compares type, key and challenge first, so that only what fits costs cryptography. */
  readonly verify: <Context>(
    token: Token,
    expected: ExpectedToken<Context>,
  ) => TokenVerdict<Context>
  /** Issues under that key of `keys` whose id ends as the request says. Throws `key-unavailable`. */
  readonly issue: (request: TokenRequest, keys: readonly IssuerKey[]) => IssueVerdict
}

export function createTokenScheme(tokenType: TokenType): TokenScheme {
  return {
    tokenType,
    parse: parseToken,
    verify: (token, expected) => {
      if (token.tokenType !== tokenType) return refused('wrong-type')
      return verifyToken(token, expected)
    },
    issue: (request, keys) => {
      if (request.tokenType !== tokenType) return refused('wrong-type')
      return issueToken(request, keys)
    },
  }
}

function verifyToken<Context>(
  token: Token,
  { keys, challenges }: ExpectedToken<Context>,
): TokenVerdict<Context> {
  const key = keys.find(
    ({ tokenType, keyId }) => tokenType === token.tokenType && keyId.equals(token.tokenKeyId),
  )
  if (key === undefined) return refused('unknown-key')
  const challenge = challenges.find(({ digest }) => digest.equals(token.challengeDigest))
  if (challenge === undefined) return refused('wrong-challenge')
  if (!key.authenticates(token)) return refused('invalid-authenticator')
  const { issuer, keyId } = key
  const spendKey = ownBytes(token.nonce)
  return { kind: 'valid', token: { issuer, keyId, context: challenge.context, spendKey } }
}

function issueToken(request: TokenRequest, keys: readonly IssuerKey[]): IssueVerdict {
  const key = keys.find(
    ({ tokenKey }) =>
      tokenKey.tokenType === request.tokenType &&
      tokenKey.keyId.at(-1) === request.truncatedTokenKeyId,
  )
  if (key === undefined) return refused('unknown-key')
  const response = key.evaluate(request)
  return response === undefined ? refused('invalid-message') : { kind: 'issued', response }
}

function refused<Reason>(reason: Reason): { readonly kind: 'refused'; readonly reason: Reason } {
  return { kind: 'refused', reason }
}
