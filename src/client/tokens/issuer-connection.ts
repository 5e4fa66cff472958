import {
  genericBatchRequestCodec,
  genericBatchResponseCodec,
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
import { decode, encode } from '../../wire/codec.ts'
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
  | { readonly kind: 'other-size'; readonly size: number }

/**
 * The issuer of our own provider, RFC 9578. It learns who we are and how many tokens we get, and
 * nothing of what they are for. Throws `ClientError`: `refused`, `unreachable`, `invalid-answer`.
 */
export class IssuerConnection {
  private readonly options: IssuerConnectionOptions

  constructor(options: IssuerConnectionOptions) {
    this.options = options
  }

  /** Keys of type 0x0002 in the order of preference, and where to ask for tokens. */
  async directory(): Promise<{ readonly requestUrl: string; readonly keys: readonly TokenKey[] }> {
    const { url, issuer } = this.options
    const address = new URL(issuerDirectoryPath, url)
    const { ok, status, bytes } = await this.fetched(address, {})
    if (!ok) throw new ClientError('refused', { status })
    const directory = readDirectory(bytes)
    return {
      requestUrl: new URL(directory.issuerRequestUri, address).toString(),
      keys: directory.tokenKeys.flatMap(({ tokenKey }) => readBlindRsaKey(tokenKey, issuer) ?? []),
    }
  }

  /** Asks for all of these tokens in one batch. */
  async request(requestUrl: string, requests: readonly TokenRequest[]): Promise<BatchAnswer> {
    const body = encode(genericBatchRequestCodec, { tokenRequests: [...requests] })
    const { ok, status, bytes } = await this.fetched(new URL(requestUrl), {
      method: 'POST',
      headers: {
        authorization: this.options.authorization,
        'content-type': mediaTypes.genericBatchRequest,
      },
      body: new Uint8Array(body),
    })
    if (ok) return { kind: 'issued', responses: readBatch(bytes, requests.length) }
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

function readBatch(bytes: Buffer, count: number): readonly (TokenResponse | undefined)[] {
  try {
    const { tokenResponses } = decode(genericBatchResponseCodec, bytes)
    if (tokenResponses.length === count) return tokenResponses
  } catch (cause) {
    throw new ClientError('invalid-answer', { cause })
  }
  throw new ClientError('invalid-answer')
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
