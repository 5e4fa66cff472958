import { Worker } from 'node:worker_threads'
import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import {
  amortizedBatchResponseCodec,
  type AmortizedBatchRequest,
  type AmortizedBatchResponse,
} from '../privacypass/batch-issuance.ts'
import {
  readTokenResponse,
  type TokenRequest,
  type TokenResponse,
} from '../privacypass/issuance.ts'
import { decode } from '../wire/codec.ts'
import type { LiveKey } from './issuer-keys.ts'
import type { BatchSigner } from './read-batch.ts'
import type { SigningJob, SigningOutcome, SigningReply } from './signing-messages.ts'

/**
 * A thread that signs, so that nothing else waits for it: one batch after the other, in the order in
 * which they came. It starts with the first batch; where it ends unasked, the next batch starts another.
 */
export class SigningThread implements BatchSigner, AsyncDisposable {
  private readonly clock: Clock
  private readonly waiting = new Map<number, PromiseWithResolvers<SigningOutcome>>()
  private worker: Worker | undefined
  private jobs = 0

  constructor(clock: Clock) {
    this.clock = clock
  }

  /**
   * Signs every message, each of which the key accepts. Throws `queue-full`, `rate-limited` where the
   * type has used its share of the CPU, and `key-unavailable` where the thread is gone or a signature did
   * not verify.
   */
  async sign(key: LiveKey, requests: readonly TokenRequest[]): Promise<readonly TokenResponse[]> {
    const { tokenType } = key.issuerKey.tokenKey
    const messages = requests.map(({ blindedMessage }) => blindedMessage)
    const answers = await this.run(key, messages, false)
    const size = answers.length / Math.max(1, requests.length)
    return requests.map((_, at) =>
      readTokenResponse(tokenType, answers.subarray(at * size, (at + 1) * size)),
    )
  }

  /** The same with one proof for all. */
  async signAmortized(
    key: LiveKey,
    { blindedMessages }: AmortizedBatchRequest,
  ): Promise<AmortizedBatchResponse> {
    return decode(amortizedBatchResponseCodec, await this.run(key, blindedMessages, true))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { worker } = this
    this.worker = undefined
    await worker?.terminate()
  }

  private async run(
    { id, key, issuerKey }: LiveKey,
    blindedMessages: readonly Buffer[],
    amortized: boolean,
  ): Promise<Buffer> {
    if (this.waiting.size >= BATCHES_MAX) throw new GatewayError('queue-full')
    const { tokenType } = issuerKey.tokenKey
    const messages = Uint8Array.from(Buffer.concat(blindedMessages))
    this.jobs += 1
    const nowMs = this.clock()
    const { jobs: job } = this
    const posted: SigningJob = { job, keyId: id, tokenType, key, amortized, messages, nowMs }
    const signed = Promise.withResolvers<SigningOutcome>()
    this.waiting.set(job, signed)
    this.worker ??= this.start()
    this.worker.postMessage(posted, [messages.buffer])
    return answersOf(await signed.promise)
  }

  private start(): Worker {
    const worker = new Worker(new URL('./signing-worker.ts', import.meta.url))
    worker.on('message', (reply: SigningReply) => {
      this.waiting.get(reply.job)?.resolve(reply)
      this.waiting.delete(reply.job)
    })
    worker.on('error', (cause) => this.lose(worker, cause))
    worker.on('exit', () => this.lose(worker))
    // A process that has nothing else to do may end.
    worker.unref()
    return worker
  }

  private lose(worker: Worker, cause?: unknown): void {
    if (this.worker === worker) this.worker = undefined
    const lost = [...this.waiting.values()]
    this.waiting.clear()
    for (const { reject } of lost) reject(new GatewayError('key-unavailable', { cause }))
  }
}

function answersOf(outcome: SigningOutcome): Buffer {
  switch (outcome.kind) {
    case 'signed':
      return Buffer.from(outcome.answers.buffer)
    case 'share-used': {
      const { retryAfterMs } = outcome
      throw new GatewayError('rate-limited', { facts: { limit: 'tokenCpu' }, retryAfterMs })
    }
    case 'failed':
      throw new GatewayError('key-unavailable')
  }
}

/** About eight seconds of work. */
const BATCHES_MAX = 256
