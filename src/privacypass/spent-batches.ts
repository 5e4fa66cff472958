import { BATCH_MAX, spentUnavailable } from './spent-tokens.ts'

export interface BatchesOptions<Item, Answer> {
  /** How many commits may be under way at once. */
  readonly lanes: number
  /** One answer per item, in their order. Where it rejects, each of its items does. */
  readonly commit: (items: readonly Item[]) => Promise<readonly Answer[]>
}

interface Waiting<Item, Answer> {
  readonly item: Item
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/**
 * Group commit: what is added in one turn of the event loop, or while the commits before it are under
 * way, goes together, at most `BATCH_MAX` at a time. So one that comes alone waits for nobody, and
 * there is no timer.
 */
export class Batches<Item, Answer> {
  private readonly options: BatchesOptions<Item, Answer>
  private queue: Waiting<Item, Answer>[] = []
  /** Where the queue begins: cheaper than to shift it. */
  private taken = 0
  private busy = 0
  private scheduled = false
  private closed = false
  private idle: PromiseWithResolvers<void> | undefined

  constructor(options: BatchesOptions<Item, Answer>) {
    this.options = options
  }

  /** Rejects with `store-unavailable` where too many wait already, or it is closed. */
  add(item: Item): Promise<Answer> {
    if (this.closed) return Promise.reject(spentUnavailable('closed'))
    if (this.queue.length - this.taken >= QUEUE_MAX)
      return Promise.reject(spentUnavailable('queue-full'))
    return new Promise((resolve, reject) => {
      this.queue.push({ item, resolve, reject })
      this.schedule()
    })
  }

  /** Takes no more; resolves when all that was added has its answer. */
  async close(): Promise<void> {
    this.closed = true
    if (this.isIdle()) return
    this.idle ??= Promise.withResolvers()
    await this.idle.promise
  }

  /** At the end of the turn, so that all that one turn brings goes together. */
  private schedule(): void {
    if (this.scheduled || this.busy >= this.options.lanes) return
    this.scheduled = true
    setImmediate(() => {
      this.scheduled = false
      while (this.busy < this.options.lanes && this.taken < this.queue.length) void this.runLane()
    })
  }

  private async runLane(): Promise<void> {
    this.busy += 1
    for (let batch = this.take(); batch.length > 0; batch = this.take()) await this.commit(batch)
    this.busy -= 1
    if (this.isIdle()) this.idle?.resolve()
  }

  private async commit(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.options.commit(batch.map(({ item }) => item))
      if (answers.length !== batch.length) throw new RangeError('expected one answer per item')
      for (const [index, answer] of answers.entries()) batch[index]?.resolve(answer)
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  private take(): readonly Waiting<Item, Answer>[] {
    const batch = this.queue.slice(this.taken, this.taken + BATCH_MAX)
    this.taken += batch.length
    if (this.taken > COMPACT_AT || this.taken === this.queue.length) {
      this.queue = this.queue.slice(this.taken)
      this.taken = 0
    }
    return batch
  }

  private isIdle(): boolean {
    return this.busy === 0 && this.queue.length === 0
  }
}

const QUEUE_MAX = 65_536
const COMPACT_AT = 4_096
