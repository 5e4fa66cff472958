import { hash, randomBytes } from 'node:crypto'
import { genericBatched, publicVerif, Token, TokenChallenge } from '@cloudflare/privacypass-ts'
import { genericBatchRequestCodec } from '../../src/privacypass/batch-issuance.ts'
import { tokenRequestCodec } from '../../src/privacypass/issuance.ts'
import {
  issuerDirectoryPath,
  readIssuerDirectory,
  type DirectoryKey,
} from '../../src/privacypass/issuer-directory.ts'
import { mediaTypes } from '../../src/privacypass/media-types.ts'
import { encode } from '../../src/wire/codec.ts'

export interface TokenAnswer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
  /** Of a problem document. */
  readonly code: string | undefined
  readonly facts: Readonly<Record<string, unknown>>
}

/** A client of a tokens listener that writes octets of its own. */
export class TokenClient {
  private readonly url: string
  private readonly bearer: string | undefined

  constructor(url: string, bearer?: string) {
    this.url = url
    this.bearer = bearer
  }

  async directory(): Promise<readonly DirectoryKey[]> {
    const answer = await fetch(`${this.url}${issuerDirectoryPath}`)
    return readIssuerDirectory(Buffer.from(await answer.arrayBuffer())).tokenKeys
  }

  /** The first key of a class: the one that signs. */
  async key(tokenClass: string): Promise<Uint8Array> {
    const found = (await this.directory()).find((key) => key.tokenClass === tokenClass)
    if (found === undefined) throw new Error('no key')
    return Uint8Array.from(found.tokenKey)
  }

  async post(contentType: string, body: Uint8Array, path = '/token-request'): Promise<TokenAnswer> {
    const answer = await fetch(`${this.url}${path}`, {
      method: 'POST',
      headers: {
        'content-type': contentType,
        ...(this.bearer !== undefined && { authorization: `Bearer ${this.bearer}` }),
      },
      body: Uint8Array.from(body),
    })
    const bytes = Buffer.from(await answer.arrayBuffer())
    const isProblem = answer.headers.get('content-type') === 'application/problem+json'
    const problem = isProblem ? (JSON.parse(bytes.toString()) as Problem) : undefined
    const { status, headers } = answer
    return { status, headers, bytes, code: problem?.code, facts: problem?.facts ?? {} }
  }

  postBatch(body: Uint8Array): Promise<TokenAnswer> {
    return this.post(mediaTypes.genericBatchRequest, body)
  }

  postSingle(body: Uint8Array): Promise<TokenAnswer> {
    return this.post(mediaTypes.tokenRequest, body)
  }
}

interface Problem {
  readonly code: string
  readonly facts?: Readonly<Record<string, unknown>>
}

/** The challenge of some room and day. */
function someChallenge(issuer = 'a.example'): TokenChallenge {
  return new TokenChallenge(2, issuer, Uint8Array.from(randomBytes(32)), ['hub.example'])
}

/** Requests of the other implementation for `count` tokens under one key; `finish` makes tokens of the answer. */
export async function otherRequests(key: Uint8Array, count: number) {
  const clients = Array.from(
    { length: count },
    () => new publicVerif.Client(publicVerif.BlindRSAMode.PSS),
  )
  const requests: publicVerif.TokenRequest[] = []
  for (const client of clients) requests.push(await client.createTokenRequest(someChallenge(), key))
  const [first] = requests
  const batch = new genericBatched.Client().createTokenRequest(
    requests.map((request) => new genericBatched.TokenRequest(request)),
  )
  return {
    single: first?.serialize() ?? new Uint8Array(),
    batch: batch.serialize(),
    finishSingle: (answer: Buffer) => {
      const [client] = clients
      if (client === undefined) throw new Error('no client')
      return client.finalize(client.deserializeTokenResponse(Uint8Array.from(answer)))
    },
    finishBatch: async (answer: Buffer): Promise<Token[]> => {
      const batched = new genericBatched.Client().deserializeTokenResponse(Uint8Array.from(answer))
      const tokens: Token[] = []
      for (const [at, { tokenResponse }] of [...batched].entries()) {
        const client = clients[at]
        if (!(tokenResponse instanceof publicVerif.TokenResponse) || client === undefined)
          throw new Error('no response')
        tokens.push(await client.finalize(tokenResponse))
      }
      return tokens
    },
  }
}

/** A batch of random messages, which is all that an issuer can tell of blinded ones. */
export function someBatch(key: Uint8Array, count: number): Buffer {
  return encode(genericBatchRequestCodec, {
    tokenRequests: Array.from({ length: count }, () => someRequest(key)),
  })
}

export function someSingle(key: Uint8Array): Buffer {
  return encode(tokenRequestCodec, someRequest(key))
}

function someRequest(key: Uint8Array) {
  const blindedMessage = randomBytes(256)
  // Below every modulus.
  blindedMessage[0] = 0x7f
  return {
    tokenType: 'blindRsa2048',
    truncatedTokenKeyId: keyIdOf(key).at(-1) ?? 0,
    blindedMessage,
  } as const
}

/** `token_key_id`. */
export function keyIdOf(key: Uint8Array): Buffer {
  return hash('sha256', key, 'buffer')
}
