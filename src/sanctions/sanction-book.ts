import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import {
  nextState,
  type Sanction,
  type SanctionId,
  type SanctionState,
  type SanctionStep,
} from '../model/sanctions.ts'
import { Waiters } from '../model/waiters.ts'
import { numberColumn } from '../sqlite/row.ts'
import type { Store } from '../sqlite/store.ts'
import { divisorIn, indexRoom, type RoomIndex } from './room-index.ts'
import {
  endedRows,
  hasEnded,
  isOver,
  outlastsItself,
  storedSanction,
  type SanctionResult,
  type StoredSanction,
} from './stored.ts'

export interface SanctionPage {
  readonly room: string | undefined
  /** Only those with a smaller number. */
  readonly before: number | undefined
  readonly limit: number
}

/** What is written beside a step. */
export interface SanctionNotes {
  /** Undefined takes the note away. */
  readonly note: string | undefined
  readonly proposals?: readonly string[]
}

/**
 * All sanctions and how far each has come. What has not ended is also in memory, so that asking about a
 * message costs a look-up; it is written before it is in force.
 */
export class SanctionBook {
  private readonly store: Store
  private readonly clock: Clock
  private readonly rooms = new Map<string, Map<string, StoredSanction>>()
  private readonly indexes = new Map<string, RoomIndex>()
  private readonly waiters = new Waiters()
  private live = 0
  private lastSequence: number

  /** Takes up what an earlier process left. Throws `store-unavailable`. */
  constructor(store: Store, clock: Clock) {
    this.store = store
    this.clock = clock
    const last = store.get("SELECT seq FROM sqlite_sequence WHERE name = 'sanctions'")
    this.lastSequence = last === undefined ? 0 : numberColumn(last, 'seq')
    for (const row of store.all(SELECT_LIVE, [LIVE_MAX])) this.keep(storedSanction(row))
  }

  /** Durable and, with a state that enforces it, in force once it resolves. Throws `queue-full`, `store-unavailable`. */
  async insert(
    sanction: Sanction,
    state: SanctionState,
    { priorRole, note }: { priorRole?: number | undefined; note?: string | undefined } = {},
  ): Promise<StoredSanction> {
    if (this.live >= LIVE_MAX) throw new GatewayError('queue-full', { facts: { limit: LIVE_MAX } })
    this.lastSequence += 1
    const stored: StoredSanction = {
      sequence: this.lastSequence,
      sanction,
      state,
      note,
      proposals: [],
      priorRole,
      result: undefined,
      dropped: 0,
      updatedAtMs: this.clock(),
    }
    await this.store.write(INSERT, [
      stored.sequence,
      sanction.id,
      sanction.room,
      state,
      note ?? null,
      JSON.stringify(sanction),
      priorRole ?? null,
      stored.updatedAtMs,
    ])
    this.keep(stored)
    this.endWaits()
    return stored
  }

  /** Takes a step that its state has, or none, and keeps the notes; durable once it resolves. */
  async step(
    { sanction: { id } }: Pick<StoredSanction, 'sanction'>,
    step: SanctionStep | undefined,
    notes?: SanctionNotes,
  ): Promise<StoredSanction> {
    for (;;) {
      const before = this.find(id)
      if (before === undefined) throw new GatewayError('not-found')
      const state = step === undefined ? before.state : nextState(before.state, step)
      const after = { ...before, ...notes, state: state ?? before.state, updatedAtMs: this.clock() }
      if (after.state === before.state && notes === undefined) return before
      const changed = await this.store.change(UPDATE, [
        after.state,
        after.note ?? null,
        JSON.stringify(after.proposals),
        after.updatedAtMs,
        id,
        before.state,
      ])
      // Else another step came between: this one is taken from where that has led.
      if (changed > 0) return this.keep(after)
    }
  }

  /** Counts copies that were not delivered, and keeps what the delivery service said. Throws `not-found`. */
  async count(
    id: SanctionId,
    { result, dropped = 0 }: { result?: SanctionResult | undefined; dropped?: number | undefined },
  ): Promise<void> {
    const changed = await this.store.change(COUNT, [result ?? null, dropped, id])
    if (changed === 0) throw new GatewayError('not-found')
  }

  find(id: SanctionId): StoredSanction | undefined {
    const row = this.store.get(SELECT_ONE, [id])
    return row === undefined ? undefined : storedSanction(row)
  }

  /** The newest first. */
  list({ room, before = Number.MAX_SAFE_INTEGER, limit }: SanctionPage): readonly StoredSanction[] {
    const rows = this.store.all(SELECT_PAGE, [before, room ?? null, limit])
    return rows.map((row) => storedSanction(row))
  }

  /** Those with a higher number that are for a delivery service, the oldest first. */
  after(sequence: number, limit: number): readonly StoredSanction[] {
    return this.store.all(SELECT_AFTER, [sequence, limit]).map((row) => storedSanction(row))
  }

  /** What has not ended in a room, in its order. */
  liveIn(room: string): readonly StoredSanction[] {
    return [...(this.rooms.get(room)?.values() ?? [])].toSorted((a, b) => a.sequence - b.sequence)
  }

  /** All that has not ended. */
  allLive(): readonly StoredSanction[] {
    return [...this.rooms.values()].flatMap((room) => [...room.values()])
  }

  isBanned(room: string, participant: string): boolean {
    return this.indexOf(room)?.bans.has(participant) === true
  }

  /** By how much a participant's budget is smaller than that of others; 1: not at all. */
  divisorOf(room: string, participant: string, nowMs: number): number {
    const index = this.indexOf(room)
    return index === undefined ? 1 : divisorIn(index, participant, nowMs)
  }

  isRetracted(room: string, frankingTag: Buffer | undefined): boolean {
    if (frankingTag === undefined) return false
    return this.indexOf(room)?.retracted.has(frankingTag.toString('hex')) === true
  }

  /** Ends what is over, but for what clients have to be asked to end. Durable once it resolves. */
  async expire(): Promise<void> {
    const nowMs = this.clock()
    for (const stored of this.allLive())
      if (isOver(stored, nowMs) && !outlastsItself(stored))
        await this.step(stored, 'expired', { note: 'expired' })
  }

  /** Ended ones that nothing has happened to since then are forgotten. Returns how many. */
  deleteBefore(timestampMs: number): Promise<number> {
    return this.store.change(DELETE_OLD, [timestampMs])
  }

  /** Whoever waits for the next sanction looks again. */
  endWaits(): void {
    this.waiters.wake()
  }

  /** Resolves with the next sanction, with `endWaits`, or when `signal` aborts. */
  nextInsert(signal: AbortSignal): Promise<void> {
    return this.waiters.next(signal)
  }

  private keep(stored: StoredSanction): StoredSanction {
    const { room, id } = stored.sanction
    const known = this.rooms.get(room) ?? new Map<string, StoredSanction>()
    const had = known.delete(id)
    const isLive = !hasEnded(stored)
    if (isLive) known.set(id, stored)
    this.live += Number(isLive) - Number(had)
    this.indexes.delete(room)
    if (known.size === 0) this.rooms.delete(room)
    else this.rooms.set(room, known)
    return stored
  }

  private indexOf(room: string): RoomIndex | undefined {
    const known = this.indexes.get(room)
    if (known !== undefined) return known
    const live = this.rooms.get(room)
    if (live === undefined) return undefined
    const index = indexRoom(live.values())
    this.indexes.set(room, index)
    return index
  }
}

/** Sanctions that have not ended, all rooms together. */
const LIVE_MAX = 100_000
const SELECT_LIVE = `SELECT * FROM sanctions WHERE NOT (${endedRows}) ORDER BY sequence LIMIT ?`
const SELECT_ONE = 'SELECT * FROM sanctions WHERE id = ?'
const SELECT_AFTER = `SELECT * FROM sanctions WHERE sequence > ?
  AND document ->> 'kind' NOT IN ('strike', 'retract-strike', 'notify') ORDER BY sequence LIMIT ?`
const SELECT_PAGE = `SELECT * FROM sanctions WHERE sequence < ?1 AND (?2 IS NULL OR room = ?2)
  ORDER BY sequence DESC LIMIT ?3`
const INSERT = `INSERT INTO sanctions
  (sequence, id, room, state, note, document, prior_role, updated_at_ms, proposals, result, dropped)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, '[]', NULL, 0)`
const UPDATE = `UPDATE sanctions SET state = ?, note = ?, proposals = ?, updated_at_ms = ?
  WHERE id = ? AND state = ?`
const COUNT =
  'UPDATE sanctions SET result = coalesce(?, result), dropped = dropped + ? WHERE id = ?'
const DELETE_OLD = `DELETE FROM sanctions WHERE (${endedRows}) AND updated_at_ms < ?`
