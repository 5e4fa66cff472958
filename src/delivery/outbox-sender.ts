import type { Clock, Randomness } from '../model/clock.ts'
import type { MimiUri, ProviderDomain } from '../model/ids.ts'
import type { OutboxBody, OutboxLanes, PeerLane, RoomLane } from './outbox-lanes.ts'
import type { OutboxLimits, Schedule } from './outbox-limits.ts'
import type { DeadEnd, OutboxProgress } from './outbox-progress.ts'
import type { DeadReason, OutboxStore } from './outbox-store.ts'
import { backoffMs, verdictOfFault, verdictOfStatus, type Verdict } from './outbox-verdict.ts'

export interface Notify {
  readonly peer: ProviderDomain
  readonly room: MimiUri
  readonly bytes: Buffer
  readonly suite: string | undefined
  readonly signal: AbortSignal
}

/** One attempt. Throws as `PeerClients.call` does. */
export type SendNotify = (
  notify: Notify,
) => Promise<{ readonly status: number; readonly retryAfterMs?: number | undefined }>

/** What became of one attempt, for events and counters. */
export interface OutboxEvent {
  readonly kind: 'delivered' | 'retried' | 'dead' | 'withdrawn'
  readonly peer: ProviderDomain
  readonly room: MimiUri
  readonly suite: string | undefined
  /** Since it was enqueued. */
  readonly waitedMs: number
  readonly reason: DeadReason | undefined
}

export interface OutboxSenderOptions {
  readonly store: OutboxStore
  readonly limits: OutboxLimits
  readonly clock: Clock
  readonly schedule: Schedule
  readonly randomness: Randomness
  readonly send: SendNotify
  readonly onEvent: (event: OutboxEvent) => void
  readonly lanes: OutboxLanes
  readonly progress: OutboxProgress
}

/** Moves the lanes: picks what may go out, sends it, and does what the verdict says. */
export class OutboxSender {
  inFlight = 0
  /** Ids of bodies that are not sent any more: the store has forgotten them. */
  readonly withdrawn = new Set<number>()
  private readonly options: OutboxSenderOptions
  private readonly aborter = new AbortController()
  private readonly timers = new Set<() => void>()
  private idle = Promise.withResolvers<void>()
  private running = false

  constructor(options: OutboxSenderOptions) {
    this.options = options
  }

  start(): void {
    this.running = true
    for (const lane of this.options.lanes.peers.values()) this.pump(lane)
  }

  /** Sends what is ready, in turns over the peer's rooms. */
  pump(lane: PeerLane): void {
    const { clock, limits } = this.options
    if (!this.running || clock() < lane.notBeforeMs) return
    // A peer that failed is probed with one request before it gets its full share again.
    const inFlightMax = lane.failures > 0 ? 1 : limits.inFlightPerPeerMax
    while (lane.inFlight < inFlightMax) {
      const room = lane.ready.shift()
      if (room === undefined) return
      lane.inFlight += 1
      this.inFlight += 1
      void this.attempt(lane, room)
    }
  }

  /** Begins nothing new; resolves when what is under way has ended, or was aborted by `signal`. */
  async drain(signal: AbortSignal): Promise<void> {
    this.running = false
    for (const cancel of this.timers) cancel()
    this.timers.clear()
    if (this.inFlight === 0) return
    const giveUp = () => this.aborter.abort()
    if (signal.aborted) giveUp()
    else signal.addEventListener('abort', giveUp, { once: true })
    await this.idle.promise
    signal.removeEventListener('abort', giveUp)
  }

  counts(): { readonly inFlight: number; readonly oldestMs: number } {
    let oldestAtMs = Infinity
    for (const lane of this.options.lanes.peers.values())
      for (const { bodies } of lane.rooms.values())
        oldestAtMs = Math.min(oldestAtMs, bodies.first?.enqueuedAtMs ?? Infinity)
    const oldestMs = oldestAtMs === Infinity ? 0 : this.options.clock() - oldestAtMs
    return { inFlight: this.inFlight, oldestMs }
  }

  private async attempt(lane: PeerLane, room: RoomLane): Promise<void> {
    const body = room.bodies.first
    const verdict = body === undefined ? undefined : await this.send(lane, body)
    lane.inFlight -= 1
    this.inFlight -= 1
    if (body !== undefined && verdict !== undefined) this.settle({ lane, room, body }, verdict)
    if (this.inFlight === 0 && !this.running) this.idle.resolve()
    this.pump(lane)
  }

  private async send(lane: PeerLane, body: OutboxBody): Promise<Verdict> {
    const { clock, limits, send, lanes, store } = this.options
    if (this.withdrawn.has(body.id)) return { kind: 'withdrawn' }
    if (clock() - body.enqueuedAtMs > limits.ageMsMax) return { kind: 'expired' }
    try {
      const bytes = body.bytes ?? lanes.load(body, store.bytes(body.id))
      const { peer } = lane
      const { room, suite } = body
      const { status, retryAfterMs } = await send({
        peer,
        room,
        bytes,
        suite,
        signal: this.aborter.signal,
      })
      return verdictOfStatus(status, retryAfterMs)
    } catch (fault) {
      return verdictOfFault(fault)
    }
  }

  private settle(delivery: Delivery, verdict: Verdict): void {
    const { lane, room, body } = delivery
    switch (verdict.kind) {
      case 'delivered':
        recover(lane)
        this.options.progress.delivered(body, lane.peer)
        this.options.lanes.advance(lane, room)
        if (body.waiting.length === 0) this.withdrawn.delete(body.id)
        this.report(delivery, 'delivered')
        return
      case 'withdrawn':
        this.options.progress.delivered(body, lane.peer)
        this.options.lanes.advance(lane, room)
        if (body.waiting.length === 0) this.withdrawn.delete(body.id)
        this.report(delivery, 'withdrawn')
        return
      case 'rejected':
        recover(lane)
        this.bury(delivery, { reason: 'rejected', status: verdict.status })
        return
      case 'expired':
        this.bury(delivery, { reason: 'age', status: undefined })
        return
      case 'retry':
        this.retry(delivery, verdict)
        return
      case 'peer-down':
        this.pause(lane, verdict.afterMs)
        lane.ready.push(room)
        this.report(delivery, 'retried')
        return
      case 'interrupted':
        lane.ready.push(room)
    }
  }

  private retry(
    delivery: Delivery,
    { afterMs, status }: Extract<Verdict, { kind: 'retry' }>,
  ): void {
    const { limits, randomness } = this.options
    const { lane, room } = delivery
    room.attempts += 1
    if (room.attempts >= limits.attemptsMax) {
      this.bury(delivery, { reason: 'attempts', status })
      return
    }
    const ready = () => {
      lane.ready.push(room)
      this.pump(lane)
    }
    this.later(ready, backoffMs(room.attempts, afterMs, { ...limits.backoff, randomness }))
    this.report(delivery, 'retried')
  }

  /** INVARIANT: one wave of failures counts once, however many attempts were out. */
  private pause(lane: PeerLane, afterMs: number): void {
    const { clock, limits, randomness } = this.options
    const nowMs = clock()
    if (nowMs < lane.notBeforeMs) return
    lane.failures += 1
    const delayMs = backoffMs(lane.failures, afterMs, { ...limits.backoff, randomness })
    lane.notBeforeMs = nowMs + delayMs
    this.later(() => this.resume(lane), delayMs)
  }

  /** Timers follow another clock than ours: one that rings before the pause is over waits for the rest. */
  private resume(lane: PeerLane): void {
    const restMs = lane.notBeforeMs - this.options.clock()
    if (restMs > 0) this.later(() => this.resume(lane), restMs)
    else this.pump(lane)
  }

  private bury(delivery: Delivery, end: DeadEnd): void {
    this.options.progress.dead(delivery.body, delivery.lane.peer, end)
    this.options.lanes.advance(delivery.lane, delivery.room)
    this.report(delivery, 'dead', end.reason)
  }

  private later(run: () => void, delayMs: number): void {
    if (!this.running) return
    const cancel = this.options.schedule(() => {
      this.timers.delete(cancel)
      run()
    }, delayMs)
    this.timers.add(cancel)
  }

  private report({ lane, body }: Delivery, kind: OutboxEvent['kind'], reason?: DeadReason): void {
    const { room, suite, enqueuedAtMs } = body
    const waitedMs = this.options.clock() - enqueuedAtMs
    this.options.onEvent({ kind, peer: lane.peer, room, suite, waitedMs, reason })
  }
}

/** One attempt's place: the first body of a room's lane of a peer. */
interface Delivery {
  readonly lane: PeerLane
  readonly room: RoomLane
  readonly body: OutboxBody
}

function recover(lane: PeerLane): void {
  lane.failures = 0
  lane.notBeforeMs = 0
}
