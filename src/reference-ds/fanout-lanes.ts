import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { blobColumn, numberColumn, textColumn } from '../sqlite/row.ts'
import type { Row, Statement } from '../sqlite/store.ts'
import { fanoutMessageCodec } from '../wire/mimi/fanout.ts'
import type { DsContext } from './context.ts'
import { decodeAnswer } from './gateway-link.ts'
import type { LeafChanges } from './leaves.ts'
import { deliverLocally } from './local-delivery.ts'
import { DsProblem, problemCode } from './problems.ts'

/** An accepted event that is to go out. */
export interface Fanout {
  readonly room: string
  /** One FanoutMessage without a frank. */
  readonly body: Buffer
  /** Other providers only; local clients are always served. */
  readonly destinations: readonly string[]
  readonly changes?: LeafChanges
}

/** The write that makes a fan-out part of the acceptance itself. */
export function fanoutStatement({ room, body, destinations, changes }: Fanout): Statement {
  return [
    'INSERT INTO ds_fanouts (room, body, destinations, changes, attempts) VALUES (?, ?, ?, ?, 0)',
    [room, body, JSON.stringify(destinations), JSON.stringify(changes ?? NO_CHANGES)],
  ]
}

/**
 * Hands accepted events to the gateway, one after the other in each room, and the stamped bytes that it
 * answers to our own clients. What is stored is retried until the gateway takes it, also after a
 * restart; an event that the gateway refuses `REFUSALS_MAX` times is set aside, and the lane goes on.
 */
export class FanoutLanes {
  private readonly ctx: Omit<DsContext, 'lanes'>
  private readonly retryDelayMs: (attempt: number) => number
  private readonly running = new Map<string, Promise<void>>()

  constructor(
    ctx: Omit<DsContext, 'lanes'>,
    retryDelayMs: (attempt: number) => number = exponential,
  ) {
    this.ctx = ctx
    this.retryDelayMs = retryDelayMs
  }

  /** Resumes what a run before this one has left. */
  start(): void {
    const rooms = this.ctx.store.all(
      `SELECT DISTINCT room FROM ds_fanouts WHERE attempts < ${REFUSALS_MAX}`,
    )
    for (const row of rooms) this.kick(textColumn(row, 'room'))
  }

  /** Starts the room's lane, if it does not run already. Returns at once. */
  kick(room: string): void {
    if (this.running.has(room) || this.ctx.gateway.signal.aborted) return
    const lane = this.run(room).finally(() => {
      this.running.delete(room)
      // Something may have been accepted between the lane's last look and now.
      if (!this.ctx.gateway.signal.aborted && this.next(room) !== undefined) this.kick(room)
    })
    this.running.set(room, lane)
    lane.catch((error: unknown) =>
      this.ctx.log({ event: 'fanout-failed', code: problemCode(error) }),
    )
  }

  /** Resolves when no lane works any more. */
  async idle(): Promise<void> {
    while (this.running.size > 0) await Promise.allSettled(this.running.values())
  }

  private async run(room: string): Promise<void> {
    const { signal } = this.ctx.gateway
    let attempt = 0
    // The answer to the submitter goes first: the gateway stamps the message when it sees that answer.
    await nextTurn()
    for (let row = this.next(room); row !== undefined && !signal.aborted; row = this.next(room)) {
      if (await this.deliver(room, row).catch(() => false)) attempt = 0
      else await delay(this.retryDelayMs(attempt++), undefined, { signal }).catch(() => {})
    }
  }

  private next(room: string): Row | undefined {
    return this.ctx.store.get(
      `SELECT id, body, destinations, changes, attempts FROM ds_fanouts
       WHERE room = ? AND attempts < ${REFUSALS_MAX} ORDER BY id LIMIT 1`,
      [room],
    )
  }

  private async deliver(room: string, row: Row): Promise<boolean> {
    const { ctx } = this
    const id = numberColumn(row, 'id')
    try {
      const stamped = await this.stamp(room, row)
      const item = decodeAnswer(fanoutMessageCodec, stamped)
      const changes = changesSchema.parse(JSON.parse(textColumn(row, 'changes')))
      const { statements, clients } = deliverLocally(ctx, room, [{ item, bytes: stamped, changes }])
      await ctx.store.writeAll([['DELETE FROM ds_fanouts WHERE id = ?', [id]], ...statements])
      ctx.queues.wake(clients)
      return true
    } catch (error) {
      if (ctx.gateway.signal.aborted) return false
      await this.failed(id, numberColumn(row, 'attempts'), error)
      return false
    }
  }

  private async stamp(room: string, row: Row): Promise<Buffer> {
    const destinations = destinationsSchema.parse(JSON.parse(textColumn(row, 'destinations')))
    const answer = await this.ctx.gateway.fanout(room, blobColumn(row, 'body'), destinations)
    if (answer.status === 200) return answer.bytes
    const isFinal = answer.status >= 400 && answer.status < 500 && !RETRIED.has(answer.status)
    throw new DsProblem(isFinal ? 'gateway-invalid' : 'gateway-unreachable')
  }

  private async failed(id: number, attempts: number, error: unknown): Promise<void> {
    const code = problemCode(error)
    const refusals = attempts + (code === 'gateway-invalid' ? 1 : 0)
    const event = refusals >= REFUSALS_MAX ? 'fanout-dead' : 'fanout-failed'
    this.ctx.log({ event, code, attempts: refusals })
    if (refusals > attempts)
      await this.ctx.store.write('UPDATE ds_fanouts SET attempts = ? WHERE id = ?', [refusals, id])
  }
}

function exponential(attempt: number): number {
  return Math.min(RETRY_MS_MIN * 2 ** Math.min(attempt, 10), RETRY_MS_MAX)
}

const NO_CHANGES: LeafChanges = { left: [], rotated: [] }
const changesSchema = z.strictObject({
  left: z.array(z.string()),
  rotated: z.array(z.tuple([z.string(), z.string()])),
})
const destinationsSchema = z.array(z.string())
const RETRIED = new Set([408, 425, 429])
const REFUSALS_MAX = 8
const RETRY_MS_MIN = 100
const RETRY_MS_MAX = 30_000
