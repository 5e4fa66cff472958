import {
  amortizedBatchRequestCodec,
  amortizedBatchResponseCodec,
  genericBatchRequestCodec,
  genericBatchResponseCodec,
  type AmortizedBatchRequest,
  type AmortizedBatchResponse,
} from '../../privacypass/batch-issuance.ts'
import { readBlindRsaKey } from '../../privacypass/blind-rsa/token-key.ts'
import type { TokenRequest, TokenResponse } from '../../privacypass/issuance.ts'
import {
  issuerDirectoryPath,
  readIssuerDirectory,
  type IssuerDirectory,
} from '../../privacypass/issuer-directory.ts'
import { mediaTypes } from '../../privacypass/media-types.ts'
import type { TokenKey } from '../../privacypass/token-scheme.ts'
import { tokenTypeCodes } from '../../privacypass/token-type.ts'
import { voprfKeyId } from '../../privacypass/voprf/issuer-key.ts'
import { decode, encode, type Codec } from '../../wire/codec.ts'
import { ClientError } from '../errors.ts'

export interface IssuerConnectionOptions {
  /** The tokens listener of our own provider, without a path. */
  readonly url: string
  /** Our provider's domain. */
  readonly issuer: string
  /** What our provider knows us by; it goes nowhere else. */
  readonly authorization: string
  readonly timeoutMs?: number
}

/** A batch as the issuer answered it, or the size that it wants batches to have. */
export type BatchAnswer =
  | { readonly kind: 'issued'; readonly responses: readonly (TokenResponse | undefined)[] }
  | OtherSize

/** The same for an amortized batch. */
export type AmortizedAnswer =
  { readonly kind: 'issued'; readonly response: AmortizedBatchResponse } | OtherSize

interface OtherSize {
  readonly kind: 'other-size'
  readonly size: number
}

/** A key of type 0x0005, whose tokens only its issuer can check. */
export type BatchKey = Pick<TokenKey, 'keyId' | 'publicKey'>

/** What an issuer says of itself; keys in the order of preference. */
export interface IssuerAddress {
  /** Where to ask for tokens. */
  readonly requestUrl: string
  /** Of type 0x0002. */
  readonly keys: readonly TokenKey[]
  /** Of type 0x0005. */
  readonly batchKeys: readonly BatchKey[]
}

/**
 * The issuer of our own provider, RFC 9578. It learns who we are and how many tokens we get, and
 * nothing of what they are for. Throws `ClientError`: `refused`, `unreachable`, `invalid-answer`.
 */
export class IssuerConnection {
  private readonly options: IssuerConnectionOptions

  constructor(options: IssuerConnectionOptions) {
    this.options = options
  }

  async directory(): Promise<IssuerAddress> {
    const { url, issuer } = this.options
    const address = new URL(issuerDirectoryPath, url)
    const { ok, status, bytes } = await this.fetched(address, {})
    if (!ok) throw new ClientError('refused', { status })
    const directory = readDirectory(bytes)
    return {
      requestUrl: new URL(directory.issuerRequestUri, address).toString(),
      keys: directory.tokenKeys.flatMap(({ tokenKey }) => readBlindRsaKey(tokenKey, issuer) ?? []),
      batchKeys: directory.tokenKeys
        .filter(({ tokenType }) => tokenType === tokenTypeCodes.voprfRistretto255)
        .map(({ tokenKey }) => ({ keyId: voprfKeyId(tokenKey), publicKey: tokenKey })),
    }
  }

  /** Asks for all of these tokens in one batch. */
  async request(requestUrl: string, requests: readonly TokenRequest[]): Promise<BatchAnswer> {
    const body = encode(genericBatchRequestCodec, { tokenRequests: [...requests] })
    const answer = await this.posted(requestUrl, mediaTypes.genericBatchRequest, body)
    if ('kind' in answer) return answer
    const { tokenResponses } = read(genericBatchResponseCodec, answer.bytes)
    if (tokenResponses.length !== requests.length) throw new ClientError('invalid-answer')
    return { kind: 'issued', responses: tokenResponses }
  }

  /** The same with one proof for all. */
  async requestAmortized(
    requestUrl: string,
    request: AmortizedBatchRequest,
  ): Promise<AmortizedAnswer> {
    const body = encode(amortizedBatchRequestCodec, request)
    const answer = await this.posted(requestUrl, mediaTypes.amortizedBatchRequest, body)
    if ('kind' in answer) return answer
    return { kind: 'issued', response: read(amortizedBatchResponseCodec, answer.bytes) }
  }

  private async posted(
    requestUrl: string,
    contentType: string,
    body: Buffer,
  ): Promise<OtherSize | { readonly bytes: Buffer }> {
    const { ok, status, bytes } = await this.fetched(new URL(requestUrl), {
      method: 'POST',
      headers: { authorization: this.options.authorization, 'content-type': contentType },
      body: new Uint8Array(body),
    })
    if (ok) return { bytes }
    const problem = problemOf(bytes)
    if (problem.size !== undefined) return { kind: 'other-size', size: problem.size }
    throw new ClientError('refused', { status, ...problem })
  }

  private async fetched(url: URL, init: RequestInit) {
    const signal = AbortSignal.timeout(this.options.timeoutMs ?? TIMEOUT_MS)
    try {
      const response = await fetch(url, { ...init, signal, redirect: 'error' })
      const bytes = Buffer.from(await response.arrayBuffer())
      return { ok: response.ok, status: response.status, bytes }
    } catch (cause) {
      throw new ClientError('unreachable', { cause })
    }
  }
}

function readDirectory(bytes: Buffer): IssuerDirectory {
  try {
    return readIssuerDirectory(bytes)
  } catch (cause) {
    throw new ClientError('invalid-answer', { cause })
  }
}

function read<T>(codec: Codec<T>, bytes: Buffer): T {
  try {
    return decode(codec, bytes)
  } catch (cause) {
    throw new ClientError('invalid-answer', { cause })
  }
}

function problemOf(bytes: Buffer): { problem?: string; size?: number } {
  try {
    const parsed: unknown = JSON.parse(bytes.toString('utf8'))
    const { code, facts } = Object(parsed) as { code?: unknown; facts?: unknown }
    const { size } = Object(facts) as { size?: unknown }
    if (typeof code !== 'string') return {}
    const isSize = code === 'token-batch-size' && typeof size === 'number'
    return isSize && size >= 1 && size <= SIZE_MAX ? { problem: code, size } : { problem: code }
  } catch {
    return {}
  }
}

const TIMEOUT_MS = 30_000
const SIZE_MAX = 128
