import { demand } from './errors.ts'
import type { Exclusive } from './exclusive.ts'
import type { ClientEvent } from './flows/client-event.ts'
import type { ClientState } from './flows/client-state.ts'
import { receiveEvent } from './flows/receive.ts'

/** What our provider has for us, in its order; what nobody has asked for yet stays here. */
export class Inbox {
  private readonly state: ClientState
  private readonly exclusive: Exclusive
  private waiting: readonly ClientEvent[] = []
  private cursor = 0

  constructor(state: ClientState, exclusive: Exclusive) {
    this.state = state
    this.exclusive = exclusive
  }

  /** Everything that is there; only where nothing is, it waits for the first event. */
  async take(waitMs: number, signal?: AbortSignal): Promise<readonly ClientEvent[]> {
    if (this.waiting.length === 0) await this.fetch(waitMs, signal)
    const taken = this.waiting
    this.waiting = []
    return taken
  }

  /** Throws `timed-out` where `waitMs` pass without any event. */
  async next<Found extends ClientEvent>(
    isWanted: (event: ClientEvent) => event is Found,
    waitMs: number,
  ): Promise<Found> {
    for (;;) {
      const found = this.waiting.find(isWanted)
      if (found !== undefined) {
        this.waiting = this.waiting.filter((event) => event !== found)
        return found
      }
      demand((await this.fetch(waitMs)) > 0, 'timed-out')
    }
  }

  /** Asks the provider, lets the events take effect and keeps them; resolves to how many there were. */
  async fetch(waitMs: number, signal?: AbortSignal): Promise<number> {
    const { provider } = this.state
    const events = await provider.events({ after: this.cursor, waitMs, signal })
    return this.exclusive.run(async () => {
      const received: ClientEvent[] = []
      for (const event of events) {
        // Two overlapping questions can get the same events.
        if (event.id <= this.cursor) continue
        this.cursor = event.id
        received.push(...receiveEvent(this.state, event))
      }
      this.waiting = [...this.waiting, ...received]
      for (const event of received)
        if (event.kind === 'removed') await provider.forgetRoom(event.room)
      return events.length
    })
  }
}
