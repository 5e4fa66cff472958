import type { Clock } from '../model/clock.ts'

export interface CpuShareOptions {
  /** Of one core, which is what a process computes with: 0.05 is 5 %. */
  readonly share: number
  /** CPU that may be used at once after a rest, in ms. */
  readonly burstMs: number
  readonly clock: Clock
  /** CPU that was used so far, in ms; `process.threadCpuUsage` in the product. */
  readonly cpuMs: Clock
}

/** A share of the process' CPU for one kind of work. */
export interface CpuShare {
  /** Runs the work, and undefined without it while the share is used up. */
  readonly run: <T extends object>(work: () => T) => T | undefined
  /** How long until `run` runs again, in ms: 0 where it would now. */
  readonly waitMs: () => number
}

/**
 * A bucket of CPU milliseconds that fills as time passes and is emptied by what the work took. In any
 * window of `w` ms all work but the last takes at most `burstMs + share · w`: its length is known only
 * afterwards, so the bucket may owe it, and nothing runs until that is paid back.
 */
export function createCpuShare({ share, burstMs, clock, cpuMs }: CpuShareOptions): CpuShare {
  let leftMs = burstMs
  let filledAtMs = clock()
  const fill = (): void => {
    const nowMs = clock()
    // A clock that was set back adds nothing.
    leftMs = Math.min(burstMs, leftMs + Math.max(0, nowMs - filledAtMs) * share)
    filledAtMs = nowMs
  }
  return {
    run: (work) => {
      fill()
      if (leftMs <= 0) return undefined
      const startMs = cpuMs()
      try {
        return work()
      } finally {
        leftMs -= Math.max(0, cpuMs() - startMs)
      }
    },
    waitMs: () => {
      fill()
      return leftMs > 0 ? 0 : Math.floor(-leftMs / share) + 1
    },
  }
}
