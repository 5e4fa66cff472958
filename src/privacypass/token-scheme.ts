import type { KeyObject } from 'node:crypto'
import { ownBytes } from './own-bytes.ts'
import type { AmortizedBatchRequest, AmortizedBatchResponse } from './batch-issuance.ts'
import type { CpuShare } from './cpu-share.ts'
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
  /** Whether a blinded message is one of the key's group. */
  readonly accepts: (blindedMessage: Buffer) => boolean
  /** Undefined for a blinded message that is none of the key's group. Throws `key-unavailable`. */
  readonly evaluate: (request: TokenRequest) => TokenResponse | undefined
  /** Many at once, all or none, as `evaluate`. Absent for types without amortized batches. */
  readonly evaluateBatch?: (request: AmortizedBatchRequest) => AmortizedBatchResponse | undefined
}

/** How keys of one type are made, and opened where they were kept. */
export interface KeyKind {
  /**
   * Makes a private key. Requests name a key by the last octet of its id, so that octet is none of those
   * of `live`. Off the event loop where it takes long. Rejects with `key-unavailable`.
   */
  readonly generate: (live: readonly TokenKey[]) => Promise<KeyObject>
  /** Throws `key-unavailable` for a key of another kind. */
  readonly open: (key: KeyObject, issuer: string) => IssuerKey
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
  'wrong-type' | 'unknown-key' | 'wrong-challenge' | 'cpu-share-used' | 'invalid-authenticator'

export type TokenVerdict<Context> =
  | { readonly kind: 'valid'; readonly token: VerifiedToken<Context> }
  | { readonly kind: 'refused'; readonly reason: TokenRefusal }

/** A token whose type, key and challenge are right; whether it authenticates is not known. */
export type TokenFit<Context> =
  | { readonly kind: 'fits'; readonly key: TokenKey; readonly context: Context }
  | {
      readonly kind: 'refused'
      readonly reason: Extract<TokenRefusal, 'wrong-type' | 'unknown-key' | 'wrong-challenge'>
    }

export type IssueRefusal = 'wrong-type' | 'unknown-key' | 'cpu-share-used' | 'invalid-message'

export type IssueVerdict<Response = TokenResponse> =
  | { readonly kind: 'issued'; readonly response: Response }
  | { readonly kind: 'refused'; readonly reason: IssueRefusal }

/** One token type: how its tokens are read, checked and issued. */
export interface TokenScheme {
  readonly tokenType: TokenType
  /** How long until the share of the CPU has room again, in ms; 0 without one. */
  readonly waitMs: () => number
  /** Reads exactly one token, of any known type. Throws `WireError`. */
  readonly parse: (bytes: Uint8Array) => Token
  /** Compares type, key and challenge: no cryptography. */
  readonly fit: <Context>(token: Token, expected: ExpectedToken<Context>) => TokenFit<Context>
  /** Only what fits costs cryptography. */
  readonly verify: <Context>(
    token: Token,
    expected: ExpectedToken<Context>,
  ) => TokenVerdict<Context>
  /** Issues under that key of `keys` whose id ends as the request says. Throws `key-unavailable`. */
  readonly issue: (request: TokenRequest, keys: readonly IssuerKey[]) => IssueVerdict
  /** The same for an amortized batch, all of it or nothing: `wrong-type` for types without them. */
  readonly issueBatch: (
    request: AmortizedBatchRequest,
    keys: readonly IssuerKey[],
  ) => IssueVerdict<AmortizedBatchResponse>
}

/**
 * `cpuShare` bounds what checks and issuance of this type may take; over it they are refused with
 * `cpu-share-used` before they cost anything. Without one there is no bound.
 */
export function createTokenScheme(tokenType: TokenType, cpuShare?: CpuShare): TokenScheme {
  const costly: Costly =
    cpuShare === undefined
      ? (work) => work()
      : (work) => cpuShare.run(work) ?? refused('cpu-share-used')
  const fit: TokenScheme['fit'] = (token, expected) =>
    token.tokenType === tokenType ? fitToken(token, expected) : refused('wrong-type')
  return {
    tokenType,
    waitMs: () => cpuShare?.waitMs() ?? 0,
    parse: parseToken,
    fit,
    verify: (token, expected) => {
      const fitting = fit(token, expected)
      return fitting.kind === 'fits' ? costly(() => authenticated(token, fitting)) : fitting
    },
    issue: (request, keys) => {
      if (request.tokenType !== tokenType) return refused('wrong-type')
      return issue(keyFor(request, keys)?.evaluate, request, costly)
    },
    issueBatch: (request, keys) => {
      if (request.tokenType !== tokenType) return refused('wrong-type')
      return issue(keyFor(request, keys)?.evaluateBatch, request, costly)
    },
  }
}

/** Runs what costs cryptography, or refuses it. */
type Costly = <Verdict extends object>(
  work: () => Verdict,
) => Verdict | { readonly kind: 'refused'; readonly reason: 'cpu-share-used' }

function fitToken<Context>(
  token: Token,
  { keys, challenges }: ExpectedToken<Context>,
): TokenFit<Context> {
  const key = keys.find(
    ({ tokenType, keyId }) => tokenType === token.tokenType && keyId.equals(token.tokenKeyId),
  )
  if (key === undefined) return refused('unknown-key')
  const challenge = challenges.find(({ digest }) => digest.equals(token.challengeDigest))
  if (challenge === undefined) return refused('wrong-challenge')
  return { kind: 'fits', key, context: challenge.context }
}

function authenticated<Context>(
  token: Token,
  { key, context }: Extract<TokenFit<Context>, { kind: 'fits' }>,
): TokenVerdict<Context> {
  if (!key.authenticates(token)) return refused('invalid-authenticator')
  const { issuer, keyId } = key
  return { kind: 'valid', token: { issuer, keyId, context, spendKey: ownBytes(token.nonce) } }
}

function keyFor(
  request: Pick<TokenRequest, 'tokenType' | 'truncatedTokenKeyId'>,
  keys: readonly IssuerKey[],
): IssuerKey | undefined {
  return keys.find(
    ({ tokenKey }) =>
      tokenKey.tokenType === request.tokenType &&
      tokenKey.keyId.at(-1) === request.truncatedTokenKeyId,
  )
}

function issue<Request, Response>(
  evaluate: ((request: Request) => Response | undefined) | undefined,
  request: Request,
  costly: Costly,
): IssueVerdict<Response> {
  if (evaluate === undefined) return refused('unknown-key')
  return costly((): IssueVerdict<Response> => {
    const response = evaluate(request)
    return response === undefined ? refused('invalid-message') : { kind: 'issued', response }
  })
}

function refused<Reason>(reason: Reason): { readonly kind: 'refused'; readonly reason: Reason } {
  return { kind: 'refused', reason }
}
