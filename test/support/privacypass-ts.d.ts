import type { webcrypto } from 'node:crypto'

/**
 * What the tests use of `@cloudflare/privacypass-ts`. Its own declarations need the DOM and an older
 * kind of module, so tsconfig.json puts these in their place; at run time the library is unchanged.
 */
interface TokenTypeEntry {
  readonly value: number
}

export const MediaType: Readonly<
  Record<
    | 'PRIVATE_TOKEN_ISSUER_DIRECTORY'
    | 'PRIVATE_TOKEN_REQUEST'
    | 'PRIVATE_TOKEN_RESPONSE'
    | 'ARBITRARY_BATCHED_TOKEN_REQUEST'
    | 'ARBITRARY_BATCHED_TOKEN_RESPONSE',
    string
  >
>

export const PRIVATE_TOKEN_ISSUER_DIRECTORY: string

export const TOKEN_TYPES: { readonly BLIND_RSA: TokenTypeEntry; readonly VOPRF: TokenTypeEntry }

export class TokenChallenge {
  constructor(
    ...fields: [
      tokenType: number,
      issuer: string,
      redemptionContext: Uint8Array,
      origins?: string[],
    ]
  )
  static deserialize(bytes: Uint8Array): TokenChallenge
  serialize(): Uint8Array
}

export class Token {
  static deserialize(tokenType: TokenTypeEntry, bytes: Uint8Array): Token
  serialize(): Uint8Array
}

export class WWWAuthenticateHeader {
  readonly challenge: TokenChallenge
  readonly tokenKey: Uint8Array
  constructor(challenge: TokenChallenge, tokenKey: Uint8Array, maxAge?: number)
  static parse(header: string): WWWAuthenticateHeader[]
  toString(quotedString?: boolean): string
}

export class AuthorizationHeader {
  readonly token: Token
  constructor(token: Token)
  static parse(tokenType: TokenTypeEntry, header: string): AuthorizationHeader[]
  toString(quotedString?: boolean): string
}

interface Serializable {
  serialize(): Uint8Array
}

export namespace publicVerif {
  const BlindRSAMode: { readonly PSS: 48 }

  class TokenRequest implements Serializable {
    readonly truncatedTokenKeyId: number
    readonly blindedMsg: Uint8Array
    constructor(truncatedTokenKeyId: number, blindedMsg: Uint8Array, tokenType: TokenTypeEntry)
    static deserialize(tokenType: TokenTypeEntry, bytes: Uint8Array): TokenRequest
    serialize(): Uint8Array
  }

  class TokenResponse implements Serializable {
    static deserialize(bytes: Uint8Array): TokenResponse
    serialize(): Uint8Array
  }

  class Issuer {
    constructor(
      ...fields: [
        mode: 48,
        name: string,
        privateKey: webcrypto.CryptoKey,
        publicKey: webcrypto.CryptoKey,
        params?: { readonly supportsRSARAW: boolean },
      ]
    )
    issue(request: TokenRequest): Promise<TokenResponse>
    tokenKeyID(): Promise<Uint8Array>
    verify(token: Token): Promise<boolean>
  }

  class Client {
    constructor(mode: 48)
    createTokenRequest(
      challenge: TokenChallenge,
      issuerPublicKey: Uint8Array,
    ): Promise<TokenRequest>
    deserializeTokenResponse(bytes: Uint8Array): TokenResponse
    finalize(response: TokenResponse): Promise<Token>
  }
}

export namespace privateVerif {
  class TokenRequest implements Serializable {
    static deserialize(bytes: Uint8Array): TokenRequest
    serialize(): Uint8Array
  }

  class TokenResponse implements Serializable {
    static deserialize(bytes: Uint8Array): TokenResponse
    serialize(): Uint8Array
  }

  class Issuer {
    constructor(name: string, privateKey: Uint8Array, publicKey: Uint8Array)
    issue(request: TokenRequest): Promise<TokenResponse>
    tokenKeyID(): Promise<Uint8Array>
    verify(token: Token): Promise<boolean>
  }

  class Client {
    createTokenRequest(
      challenge: TokenChallenge,
      issuerPublicKey: Uint8Array,
    ): Promise<TokenRequest>
    deserializeTokenResponse(bytes: Uint8Array): TokenResponse
    finalize(response: TokenResponse): Promise<Token>
  }
}

export namespace genericBatched {
  class TokenRequest implements Serializable {
    constructor(request: privateVerif.TokenRequest | publicVerif.TokenRequest)
    serialize(): Uint8Array
  }

  class BatchedTokenRequest implements Serializable {
    static deserialize(bytes: Uint8Array): BatchedTokenRequest
    serialize(): Uint8Array
  }

  class GenericBatchTokenResponse implements Serializable {
    serialize(): Uint8Array
    [Symbol.iterator](): Iterator<{ readonly tokenResponse: publicVerif.TokenResponse | null }>
  }

  class Client {
    createTokenRequest(requests: TokenRequest[]): BatchedTokenRequest
    deserializeTokenResponse(bytes: Uint8Array): GenericBatchTokenResponse
  }

  class Issuer {
    constructor(...issuers: publicVerif.Issuer[])
    issue(batch: BatchedTokenRequest): Promise<GenericBatchTokenResponse>
  }
}
