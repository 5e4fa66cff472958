import type { FarSideProgress } from './far-side.ts'
import { Load, type NextRequest, type Paced, type Throughput } from './load.ts'
import type { Child } from './processes.ts'
import type { Series } from './requests.ts'

export interface FanoutLoadOptions {
  readonly port: number
  readonly requests: () => NextRequest
  /** Counts what the followers got. */
  readonly farSide: Child
  readonly series: Series
}

/** Hands in messages for all followers, some at a time, until every follower has every one. */
export class FanoutLoad implements Disposable {
  private readonly load: Load
  private readonly series: Series
  private allowed = 0
  private under = 0
  private wake: (() => void) | undefined
  private readonly farSide: Child
  private readonly onProgress: (progress: FarSideProgress) => void

  private constructor(load: Load, { farSide, series }: FanoutLoadOptions) {
    this.load = load
    this.farSide = farSide
    this.series = series
    this.onProgress = () => {
      if (this.under === 0) return
      this.under -= 1
      this.wake?.()
    }
    farSide.process.on('message', this.onProgress)
  }

  static async open(options: FanoutLoadOptions): Promise<FanoutLoad> {
    const { port, requests } = options
    const load = await Load.open({
      port,
      requests,
      tls: undefined,
      connections: GROUP,
      status: 200,
    })
    return new FanoutLoad(load, options)
  }

  /** So many more messages may be sent. */
  allow(count: number): void {
    this.allowed = this.series.next + count
  }

  async closedLoop(durationMs: number): Promise<Throughput> {
    const startMs = performance.now()
    const first = this.series.next
    while (performance.now() - startMs < durationMs && this.series.next < this.allowed) {
      const count = Math.min(GROUP, this.allowed - this.series.next)
      this.under += count
      await this.load.sendAll(count)
      await this.below(UNDER_WAY_MAX)
    }
    const requests = this.series.next - first
    await this.finish()
    return { requests, elapsedMs: performance.now() - startMs }
  }

  /** Hands in messages at a fixed rate, whatever the followers do. */
  async openLoop(perSecond: number, durationMs: number): Promise<Paced> {
    const requests = Math.round((perSecond * durationMs) / 1_000)
    if (this.series.next + requests > this.allowed) throw new Error('too many messages')
    this.under += requests
    await this.load.openLoop(perSecond, durationMs)
    await this.finish()
    return { requests, timesMs: [] }
  }

  [Symbol.dispose](): void {
    this.farSide.process.off('message', this.onProgress)
    this.load[Symbol.dispose]()
  }

  /** What was not sent is not sent later: the messages of the next round are others. */
  private async finish(): Promise<void> {
    await this.below(1)
    this.series.next = this.allowed
  }

  private async below(count: number): Promise<void> {
    const late = AbortSignal.timeout(DELIVERY_MS_MAX)
    while (this.under >= count) {
      if (late.aborted) throw new Error('followers did not get every message')
      const { promise, resolve } = Promise.withResolvers<void>()
      this.wake = resolve
      const timer = setTimeout(resolve, 1_000)
      await promise
      clearTimeout(timer)
    }
  }
}

/** Messages that are handed in at the same time, as by a delivery service with many rooms. */
const GROUP = 8
const UNDER_WAY_MAX = 16
const DELIVERY_MS_MAX = 20_000
