import type { Clock } from '../model/clock.ts'

export interface BreakerLimits {
  /** Failures in a row that open it. */
  readonly failuresMax: number
  /** How long it stays open at first; doubles with each failed probe, up to `openMsMax`. */
  readonly openMs: number
  readonly openMsMax: number
}

/**
 * A circuit breaker: after `failuresMax` failures in a row it refuses calls for `openMs`, then lets one
 * probe through. A value over time without I/O; the caller reports what happened.
 */
export class Breaker {
  private readonly limits: BreakerLimits
  private readonly clock: Clock
  private failures = 0
  private openMs: number
  private openUntilMs = 0
  private probing = false

  constructor(limits: BreakerLimits, clock: Clock) {
    this.limits = limits
    this.clock = clock
    this.openMs = limits.openMs
  }

  /** 0 where a call may go out (then report it), else how long to wait in ms. */
  refusedForMs(): number {
    if (this.failures < this.limits.failuresMax) return 0
    const waitMs = this.openUntilMs - this.clock()
    if (waitMs > 0) return waitMs
    if (this.probing) return PROBE_WAIT_MS
    this.probing = true
    return 0
  }

  get open(): boolean {
    return this.failures >= this.limits.failuresMax
  }

  succeeded(): void {
    this.failures = 0
    this.probing = false
    this.openMs = this.limits.openMs
  }

  failed(): void {
    const wasOpen = this.open
    this.failures += 1
    if (!this.open) return
    if (wasOpen && !this.probing) return
    if (wasOpen) this.openMs = Math.min(this.openMs * 2, this.limits.openMsMax)
    this.probing = false
    this.openUntilMs = this.clock() + this.openMs
  }

  /** The call ended without telling anything about the other side. */
  abandoned(): void {
    this.probing = false
  }
}

export const breakerDefaults: BreakerLimits = {
  failuresMax: 5,
  openMs: 1_000,
  openMsMax: 60_000,
}
const PROBE_WAIT_MS = 1_000
