import type { Schedule } from '../../src/delivery/outbox-limits.ts'

/** A clock that stands still, and timers that fire when the test moves it. */
export function fakeTime(startMs = 1_000_000) {
  let nowMs = startMs
  let timers: { atMs: number; run: () => void }[] = []
  const schedule: Schedule = (run, delayMs) => {
    const timer = { atMs: nowMs + delayMs, run }
    timers.push(timer)
    return () => {
      timers = timers.filter((other) => other !== timer)
    }
  }
  return {
    clock: () => nowMs,
    schedule,
    /** Fires, in their order, what is due within `ms`. */
    advance(ms: number): void {
      const untilMs = nowMs + ms
      for (;;) {
        const [next] = timers.toSorted((a, b) => a.atMs - b.atMs)
        if (next === undefined || next.atMs > untilMs) break
        timers = timers.filter((other) => other !== next)
        nowMs = Math.max(nowMs, next.atMs)
        next.run()
      }
      nowMs = untilMs
    },
    /** When the next timer is due, from now. */
    nextMs(): number | undefined {
      const [next] = timers.toSorted((a, b) => a.atMs - b.atMs)
      return next === undefined ? undefined : next.atMs - nowMs
    },
  }
}
