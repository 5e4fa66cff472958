import { safeCode, safeId, safeWord, type SafeText } from '../signals/log-safe.ts'
import type { Log } from '../signals/log.ts'
import type { Metrics } from '../signals/metrics.ts'
import type { Decision } from './decision.ts'
import { recordOf, type DecisionRecord, type Labels } from './record.ts'
import { createRing, type Ring } from './ring.ts'
import type { DecisionSink } from './sink.ts'

export interface OutletOptions {
  readonly sink: DecisionSink
  readonly labels: Labels
  readonly metrics: Metrics
  readonly log: Log
}

/**
 * A ring with one sink behind it, so that no sink waits for another. What does not fit, or does not
 * arrive, is lost and counted, and the next record that arrives says how much it was.
 */
export class Outlet {
  private readonly ring: Ring<Decision> = createRing(RING_SIZE)
  private readonly sink: DecisionSink
  private readonly labels: Labels
  private readonly metrics: Metrics
  private readonly log: Log
  private lastWritten = 0
  private failing = false
  private running: Promise<void> | undefined

  constructor({ sink, labels, metrics, log }: OutletOptions) {
    this.sink = sink
    this.labels = labels
    this.metrics = metrics
    this.log = log
    for (const reason of ['full', 'failed'] as const) metrics.decisionsDropped(sink.name, reason, 0)
    // Whether the sink can be written to should be known before there is something for it.
    this.running = this.settled(this.write([]))
  }

  put(decision: Decision): void {
    if (!this.ring.put(decision)) this.metrics.decisionsDropped(this.sink.name, 'full', 1)
  }

  /** Writes until the ring is empty or the sink fails. Never rejects. */
  drain(): Promise<void> {
    this.running ??= this.settled(this.writeAll())
    return this.running
  }

  /** As `drain`, with everything that was put before. */
  async flush(): Promise<void> {
    await this.running
    await this.drain()
  }

  /** Gives up what could not be written, and says how much it was. */
  abandon(): void {
    const count = this.ring.take(RING_SIZE).length
    if (count === 0) return
    this.metrics.decisionsDropped(this.sink.name, 'failed', count)
    this.log.error('decision-log.abandoned', { ...this.named(), count })
  }

  private named() {
    return { sink: safeWord(this.sink.name) }
  }

  private async settled(work: Promise<unknown>): Promise<void> {
    await work
    this.running = undefined
  }

  private async writeAll(): Promise<void> {
    for (;;) {
      const batch = this.ring.take(BATCH)
      if (batch.length === 0 || !(await this.write(batch))) return
    }
  }

  private async write(batch: readonly Decision[]): Promise<boolean> {
    try {
      await this.sink.write(this.recordsOf(batch))
      this.lastWritten = batch.at(-1)?.number ?? this.lastWritten
      if (this.failing) this.log.info('decision-log.resumed', this.named())
      this.failing = false
      return true
    } catch (error) {
      this.metrics.decisionsDropped(this.sink.name, 'failed', batch.length)
      if (!this.failing)
        this.log.error('decision-log.failed', { ...this.named(), reason: reasonOf(error) })
      this.failing = true
      return false
    }
  }

  private recordsOf(batch: readonly Decision[]): readonly DecisionRecord[] {
    let expected = this.lastWritten + 1
    return batch.map((decision) => {
      const lost = decision.number - expected
      expected = decision.number + 1
      const record = recordOf(decision, this.labels)
      return lost === 0 ? record : { ...record, metrics: { counter_lost: lost } }
    })
  }
}

/** The system's own code, such as `ENOSPC`, where there is one. */
function reasonOf(error: unknown): SafeText {
  if (!(error instanceof Error) || !('code' in error)) return safeCode(error)
  return typeof error.code === 'string' ? safeId(error.code) : safeCode(error)
}

/** Decisions. At one batch of `BATCH` a drain, a stall of the sink or of the event loop fits in. */
export const RING_SIZE = 8_192
/** About a millisecond of work. */
const BATCH = 256
