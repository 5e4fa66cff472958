import { Worker } from 'node:worker_threads'
import { GatewayError } from '../model/errors.ts'
import { BatchWriter } from './batch.ts'
import { failures } from './commit.ts'
import type { StoreValue } from './row.ts'
import type { WriterData, WriterMessage, WriterReply } from './writer-messages.ts'

/** The two ends of one unit's promise. `resolve` gets the number of rows that it changed. */
export interface Waiter {
  readonly resolve: (changes: number) => void
  readonly reject: (error: unknown) => void
}

/** The text of a statement and its parameters. Texts are constants of the program: never build one per call. */
export type Statement = readonly [sql: string, parameters?: readonly StoreValue[]]

interface SoonGroup {
  readonly statements: Statement[]
  readonly settled: PromiseWithResolvers<void>
}

/** True where a write failed because the row was there already. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof GatewayError && error.facts['reason'] === 'unique'
}

/** Starts the writer thread on a migrated file. Rejects with `store-unavailable`. */
export async function startWriter(data: WriterData): Promise<WriteQueue> {
  const worker = new Worker(new URL('./writer.ts', import.meta.url), { workerData: data })
  const started = Promise.withResolvers<void>()
  worker.once('online', () => started.resolve())
  worker.once('error', (cause) => started.reject(unavailable('writer-lost', cause)))
  await started.promise
  return new WriteQueue(worker)
}

/**
 * Group commit: what is added in one turn of the event loop, or while a commit is under way, goes into
 * one transaction of the writer thread. Each costs a wake-up of the thread and a sync of the disk, so
 * under load a transaction waits a moment for more, and what is not in haste makes none of its own.
 */
export class WriteQueue {
  private readonly worker: Worker
  private readonly texts = new Map<string, number>()
  private newTexts: string[] = []
  private batch: BatchWriter
  private waiting: Waiter[] = []
  private committing: Waiter[] = []
  private spare: ArrayBuffer | undefined
  /** How many units the last commit had. */
  private unitsBefore = 0
  private scheduled = false
  private gathering: NodeJS.Timeout | undefined
  /** What nobody waits for: one unit of the next commit. */
  private soon: SoonGroup | undefined
  private soonTimer: NodeJS.Timeout | undefined
  private closed: GatewayError | undefined
  private readonly exited = Promise.withResolvers<void>()
  private closing = false

  constructor(worker: Worker) {
    this.worker = worker
    this.batch = this.freshBatch()
    worker.on('message', (reply: WriterReply) => this.settle(reply))
    worker.on('error', (cause) => this.lose(unavailable('writer-lost', cause)))
    worker.on('exit', () => {
      this.lose(unavailable('closed'))
      this.exited.resolve()
    })
  }

  add(statements: readonly Statement[], waiter: Waiter): void {
    const refusal = this.refusal()
    if (refusal !== undefined) {
      waiter.reject(refusal)
      return
    }
    if (this.pack(statements, waiter)) this.schedule()
  }

  /**
   * Goes with the next commit, or with one of its own after `SOON_MS`. The promise is that of all that
   * go together.
   */
  addSoon(statement: Statement): Promise<void> {
    const refusal = this.refusal()
    if (refusal !== undefined) return Promise.reject(refusal)
    this.soon ??= { statements: [], settled: Promise.withResolvers() }
    if (this.soon.statements.length === SOON_MAX) return Promise.reject(unavailable('queue-full'))
    this.soon.statements.push(statement)
    this.schedule()
    return this.soon.settled.promise
  }

  /** Resolves when all that was added is settled and the writer thread has closed the file. */
  async close(): Promise<void> {
    this.closing = true
    if (this.idle()) this.post({ kind: 'close' })
    else this.schedule()
    await this.exited.promise
  }

  private refusal(): GatewayError | undefined {
    if (this.closed !== undefined) return this.closed
    if (this.closing) return unavailable('closed')
    if (this.batch.bytesUsed > QUEUE_BYTES_MAX) return unavailable('queue-full')
    return undefined
  }

  /** False where a parameter is none that the store can hold: then the waiter is rejected. */
  private pack(statements: readonly Statement[], waiter: Waiter): boolean {
    try {
      this.batch.add(
        statements.map(([sql, parameters = []]) => ({ text: this.textNumber(sql), parameters })),
      )
    } catch (cause) {
      waiter.reject(new GatewayError('internal', { facts: { reason: 'parameter' }, cause }))
      return false
    }
    this.waiting.push(waiter)
    return true
  }

  private textNumber(sql: string): number {
    const known = this.texts.get(sql)
    if (known !== undefined) return known
    if (this.texts.size === TEXTS_MAX) throw new RangeError('too many statement texts')
    const number = this.texts.size
    this.texts.set(sql, number)
    this.newTexts.push(sql)
    return number
  }

  /** At the end of the turn at the earliest, so that whoever is woken by a commit can still join the next one. */
  private schedule(): void {
    if (this.committing.length > 0) return
    const { length } = this.waiting
    if (length === 0 && !this.closing) {
      this.soonTimer ??= setTimeout(() => this.flush(), SOON_MS)
      return
    }
    const isFull = length >= COMPANY_MAX
    if (this.scheduled && !(isFull && this.gathering !== undefined)) return
    this.scheduled = true
    clearTimeout(this.gathering)
    this.gathering = undefined
    if (isFull || this.unitsBefore < COMPANY || this.closing) setImmediate(() => this.flush())
    else this.gathering = setTimeout(() => this.flush(), GATHER_MS)
  }

  private flush(): void {
    clearTimeout(this.soonTimer)
    this.soonTimer = undefined
    clearTimeout(this.gathering)
    this.gathering = undefined
    this.scheduled = false
    if (this.committing.length > 0 || this.closed !== undefined) return
    this.unitsBefore = this.waiting.length
    this.packSoon()
    if (this.waiting.length === 0) {
      if (this.closing) this.post({ kind: 'close' })
      return
    }
    const { bytes, units } = this.batch.take()
    this.committing = this.waiting
    this.waiting = []
    const newTexts = this.newTexts
    this.newTexts = []
    this.post({ kind: 'commit', newTexts, bytes, units }, [bytes])
    this.batch = this.freshBatch()
  }

  private packSoon(): void {
    if (this.soon === undefined) return
    const { statements, settled } = this.soon
    this.soon = undefined
    this.pack(statements, { resolve: () => settled.resolve(), reject: settled.reject })
  }

  private settle({ outcomes, bytes }: WriterReply): void {
    const settled = this.committing
    this.committing = []
    if (bytes.byteLength <= SPARE_BYTES_MAX) this.spare = bytes
    for (const [index, waiter] of settled.entries()) {
      const outcome = outcomes[index] ?? -1
      if (outcome >= 0) waiter.resolve(outcome)
      else waiter.reject(unavailable(failures[-1 - outcome] ?? 'failed'))
    }
    if (!this.idle()) this.schedule()
    else if (this.closing) this.post({ kind: 'close' })
  }

  private lose(error: GatewayError): void {
    if (this.closed !== undefined) return
    this.closed = error
    clearTimeout(this.soonTimer)
    clearTimeout(this.gathering)
    const lost = [...this.committing, ...this.waiting]
    this.committing = []
    this.waiting = []
    for (const waiter of lost) waiter.reject(error)
    this.soon?.settled.reject(error)
    this.soon = undefined
  }

  private idle(): boolean {
    return this.waiting.length === 0 && this.committing.length === 0 && this.soon === undefined
  }

  private freshBatch(): BatchWriter {
    const bytes = this.spare ?? new ArrayBuffer(BATCH_BYTES_EXPECTED)
    this.spare = undefined
    return new BatchWriter(bytes)
  }

  private post(message: WriterMessage, transfer: ArrayBuffer[] = []): void {
    this.worker.postMessage(message, transfer)
  }
}

function unavailable(reason: string, cause?: unknown): GatewayError {
  return new GatewayError('store-unavailable', { facts: { reason }, cause })
}

const SOON_MS = 20
const SOON_MAX = 50_000
/** So many units that somebody waits for are load; then the next commit gathers for a moment. */
const COMPANY = 2
const COMPANY_MAX = 128
const GATHER_MS = 3
const BATCH_BYTES_EXPECTED = 16 * 1_024
const SPARE_BYTES_MAX = 1_024 * 1_024
const QUEUE_BYTES_MAX = 64 * 1_024 * 1_024
const TEXTS_MAX = 1_000
