import { isIP } from 'node:net'
import { Pool } from 'undici'
import { GatewayError } from '../model/errors.ts'
import { httpCall, type CallFaults, type HttpAnswer } from './http-call.ts'
import { isPublicAddress, publicLookup, type Resolve } from './public-address.ts'

export interface OutsideClientOptions {
  /** Where it posts: `https`, or `http` where private addresses are allowed. */
  readonly url: string
  /** Whether it may be on this machine or in a private network. */
  readonly privateAddress: boolean
  readonly resolve?: Resolve | undefined
}

/**
 * Posts to one URL that an operator named. Redirects are not followed, and unless it is allowed no
 * private address is connected to, whatever the name resolves to.
 */
export class OutsideClient implements AsyncDisposable {
  private readonly pool: Pool
  private readonly path: string

  /** Throws `configuration-invalid` for a URL that it may not post to. */
  constructor({ url, privateAddress, resolve }: OutsideClientOptions) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined
    if (parsed === undefined || !mayPostTo(parsed, privateAddress))
      throw new GatewayError('configuration-invalid', { facts: { reason: 'outside-url' } })
    this.path = `${parsed.pathname}${parsed.search}`
    this.pool = new Pool(parsed.origin, {
      connections: CONNECTIONS_MAX,
      connect: {
        timeout: DEADLINE_MS,
        ...(privateAddress ? {} : { lookup: publicLookup(resolve) }),
      },
      maxHeaderSize: HEADER_BYTES_MAX,
    })
  }

  /**
   * Resolves to whatever the answer is, of at most 64 KiB. Throws `peer-unreachable`, `peer-timeout`
   * (15 s), `peer-invalid`, `draining`.
   */
  post(headers: string[], bytes: Buffer, signal: AbortSignal): Promise<HttpAnswer> {
    return httpCall(this.pool, {
      method: 'POST',
      path: this.path,
      headers,
      bytes,
      deadlineMs: DEADLINE_MS,
      answerBytesMax: ANSWER_BYTES_MAX,
      faults,
      signal,
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.destroy()
  }
}

/** A literal address is never looked up: it is judged here. */
function mayPostTo(
  { protocol, hostname, username, password }: URL,
  privateAddress: boolean,
): boolean {
  if (username !== '' || password !== '') return false
  if (privateAddress) return protocol === 'https:' || protocol === 'http:'
  const address = hostname.replace(/^\[|\]$/g, '')
  return protocol === 'https:' && (isIP(address) === 0 || isPublicAddress(address))
}

const faults: CallFaults = {
  unreachable: 'peer-unreachable',
  timeout: 'peer-timeout',
  invalid: 'peer-invalid',
}
/** One for what is told in order, one for a test beside it. */
const CONNECTIONS_MAX = 2
const DEADLINE_MS = 15_000
const ANSWER_BYTES_MAX = 65_536
const HEADER_BYTES_MAX = 16_384
