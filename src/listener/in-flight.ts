import { GatewayError } from '../model/errors.ts'

/** Counts what a listener is working on and refuses new work while it drains. */
export class InFlight {
  private readonly aborter = new AbortController()
  private readonly waiting: (() => void)[] = []
  private readonly countMax: number
  private count = 0
  private draining = false

  constructor(countMax: number) {
    this.countMax = countMax
  }

  /** Aborts when the drain gives up. */
  get signal(): AbortSignal {
    return this.aborter.signal
  }

  /** Undefined where the work may begin (then it must leave), else why not: `draining`, `queue-full`. */
  enter(): GatewayError | undefined {
    if (this.draining) return new GatewayError('draining')
    if (this.count >= this.countMax) return new GatewayError('queue-full')
    this.count += 1
    return undefined
  }

  leave(): void {
    this.count -= 1
    if (this.count > 0) return
    for (const done of this.waiting.splice(0)) done()
  }

  /** Resolves when nothing is left; when `signal` aborts, what is left is aborted. */
  async drain(signal: AbortSignal): Promise<void> {
    this.draining = true
    if (this.count === 0) return
    const giveUp = () => this.aborter.abort()
    if (signal.aborted) giveUp()
    else signal.addEventListener('abort', giveUp, { once: true })
    await new Promise<void>((resolve) => {
      this.waiting.push(resolve)
    })
    signal.removeEventListener('abort', giveUp)
  }
}
