import { Pool } from 'undici'
import { GatewayError } from '../model/errors.ts'
import { httpCall, type CallFaults, type HttpAnswer } from './http-call.ts'

export interface AttesterClientOptions {
  /** Where questions are posted: `http` or `https`. */
  readonly url: string
  /** From the question to the last byte of the answer, waiting for a connection included. */
  readonly deadlineMs: number
}

/**
 * The provider's own service that knows whose credentials these are: docs/issuer.md. It gets what a
 * client wrote as `Authorization` in the body, and nothing of it is kept.
 */
export class AttesterClient implements AsyncDisposable {
  private readonly pool: Pool
  private readonly path: string
  private readonly deadlineMs: number
  private inFlight = 0
  private failed = false

  /** Throws `configuration-invalid` on a URL of another kind. */
  constructor({ url, deadlineMs }: AttesterClientOptions) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined
    if (parsed === undefined || !PROTOCOLS.has(parsed.protocol) || parsed.username !== '')
      throw new GatewayError('configuration-invalid', { facts: { reason: 'attester-url' } })
    this.path = `${parsed.pathname}${parsed.search}`
    this.deadlineMs = deadlineMs
    this.pool = new Pool(parsed.origin, {
      connections: CONNECTIONS_MAX,
      connect: { timeout: deadlineMs },
      maxHeaderSize: HEADER_BYTES_MAX,
    })
  }

  /** Whether the last question was answered at all; true before the first. */
  get available(): boolean {
    return !this.failed
  }

  /** Posts JSON; resolves to whatever the answer is. Throws `attester-unavailable`, `draining`. */
  async ask(question: Buffer, signal: AbortSignal): Promise<Omit<HttpAnswer, 'headers'>> {
    if (this.inFlight >= IN_FLIGHT_MAX) throw new GatewayError('attester-unavailable')
    this.inFlight += 1
    try {
      const answer = await httpCall(this.pool, {
        method: 'POST',
        path: this.path,
        headers: ['content-type', 'application/json'],
        bytes: question,
        deadlineMs: this.deadlineMs,
        answerBytesMax: ANSWER_BYTES_MAX,
        faults,
        signal,
      })
      this.failed = answer.status >= 500
      return answer
    } catch (error) {
      this.failed = !(error instanceof GatewayError) || error.code !== 'draining'
      throw error
    } finally {
      this.inFlight -= 1
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.destroy()
  }
}

const faults: CallFaults = {
  unreachable: 'attester-unavailable',
  timeout: 'attester-unavailable',
  invalid: 'attester-unavailable',
}
const PROTOCOLS = new Set(['http:', 'https:'])
const CONNECTIONS_MAX = 32
const IN_FLIGHT_MAX = 1_024
const ANSWER_BYTES_MAX = 8_192
const HEADER_BYTES_MAX = 16_384
