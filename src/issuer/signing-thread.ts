import { Worker } from 'node:worker_threads'
import { GatewayError } from '../model/errors.ts'
import type { TokenRequest, TokenResponse } from '../privacypass/issuance.ts'
import type { LiveKey } from './issuer-keys.ts'
import { messageBytes, type SigningJob, type SigningReply } from './signing-messages.ts'

/**
 * A thread that signs, so that nothing else waits for it: one batch after the other, in the order in
 * which they came. It starts with the first batch; where it ends unasked, the next batch starts another.
 */
export class SigningThread implements AsyncDisposable {
  private readonly waiting = new Map<number, PromiseWithResolvers<Uint8Array | undefined>>()
  private worker: Worker | undefined
  private jobs = 0

  /**
   * Signs every message, each of which is below the modulus. Throws `queue-full`, and `key-unavailable`
   * where the thread is gone or a signature did not verify.
   */
  async sign(
    { id, key }: LiveKey,
    requests: readonly TokenRequest[],
  ): Promise<readonly TokenResponse[]> {
    if (this.waiting.size >= BATCHES_MAX) throw new GatewayError('queue-full')
    const messages = new Uint8Array(requests.length * messageBytes)
    for (const [at, { blindedMessage }] of requests.entries())
      messages.set(blindedMessage, at * messageBytes)
    this.jobs += 1
    const job: SigningJob = { job: this.jobs, keyId: id, key, messages }
    const signed = Promise.withResolvers<Uint8Array | undefined>()
    this.waiting.set(job.job, signed)
    this.worker ??= this.start()
    this.worker.postMessage(job, [messages.buffer])
    const signatures = await signed.promise
    if (signatures === undefined) throw new GatewayError('key-unavailable')
    return responsesOf(Buffer.from(signatures.buffer))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { worker } = this
    this.worker = undefined
    await worker?.terminate()
  }

  private start(): Worker {
    const worker = new Worker(new URL('./signing-worker.ts', import.meta.url))
    worker.on('message', ({ job, signatures }: SigningReply) => {
      this.waiting.get(job)?.resolve(signatures)
      this.waiting.delete(job)
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

function responsesOf(signatures: Buffer): readonly TokenResponse[] {
  return Array.from({ length: signatures.length / messageBytes }, (_, at) => ({
    tokenType: 'blindRsa2048',
    blindSignature: signatures.subarray(at * messageBytes, (at + 1) * messageBytes),
  }))
}

/** About eight seconds of work. */
const BATCHES_MAX = 256
