/** Whoever waits for the next of something. */
export class Waiters {
  private readonly waiting = new Set<() => void>()

  /** Whoever waits looks again. */
  wake(): void {
    for (const wake of this.waiting) wake()
  }

  /** Resolves with the next `wake`, or when `signal` aborts. */
  async next(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    await new Promise<void>((resolve) => {
      const wake = () => {
        this.waiting.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.waiting.add(wake)
      signal.addEventListener('abort', wake, { once: true })
    })
  }
}
