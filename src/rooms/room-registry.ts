import { GatewayError } from '../model/errors.ts'
import type { Handshake } from '../model/exchange.ts'
import type { Store } from '../sqlite/store.ts'
import { openGroup, wrongEpoch, type Group } from './group.ts'
import {
  createdAt,
  insertRoom,
  loadRoom,
  roomUris,
  writeCommit,
  writeProposals,
  type NewRoom,
} from './room-store.ts'
import { roomState, type RoomState } from './room-state.ts'
import { stageHandshake, type RoomEntry, type StagedUpdate } from './staged-update.ts'

/**
 * The public state of every room that this gateway is the hub of, followed without secrets.
 * Rooms live in the store; the ones used last are also in memory.
 */
export class RoomRegistry {
  private readonly store: Store
  private readonly roomsInMemoryMax: number
  /** In the order of last use. */
  private readonly rooms = new Map<string, CachedRoom>()

  constructor(
    store: Store,
    { roomsInMemoryMax = ROOMS_IN_MEMORY_MAX }: { readonly roomsInMemoryMax?: number } = {},
  ) {
    this.store = store
    this.roomsInMemoryMax = roomsInMemoryMax
  }

  /**
   * Verifies a new room's group in full and, where `check` does not object by throwing, stores it;
   * durable once it resolves.
   * Throws `room-exists`, `invalid-group-info`, `invalid-tree`, `invalid-signature`, `store-unavailable`.
   */
  async create(room: NewRoom, check?: (state: RoomState) => void): Promise<RoomState> {
    if (this.entry(room.room) !== undefined) throw new GatewayError('room-exists')
    const group = openGroup(room)
    const entry = { group, state: roomState(room, group) }
    check?.(entry.state)
    await insertRoom(this.store, room)
    this.keep(room.room, { entry, writes: 0 })
    return entry.state
  }

  /** The room in its newest accepted epoch. Throws `store-unavailable`. */
  find(room: string): RoomState | undefined {
    return this.entry(room)?.entry.state
  }

  /** The rooms in the order of their URIs, at most `max` of them. */
  list(max: number): RoomListing[] {
    return roomUris(this.store, max).flatMap((room) => {
      const state = this.find(room)
      if (state === undefined) return []
      const { suite, epoch, participants } = state
      return [{ room, suite, epoch: String(epoch), participants: participants.length }]
    })
  }

  /** When the room was created, in ms; undefined without a room. */
  createdAtMs(room: string): number | undefined {
    return createdAt(this.store, room)
  }

  /** Whether the user (URI or pseudonym) stands in the room's participant list; false without a room. */
  isParticipant(room: string, user: string): boolean {
    const cached = this.entry(room)
    if (cached === undefined) return false
    cached.users ??= new Set(cached.entry.state.participants.map((participant) => participant.user))
    return cached.users.has(user)
  }

  /**
   * Verifies a handshake against the room's newest epoch; nothing changes until `accept`.
   * Throws `room-unknown`, `wrong-epoch` (fact `currentEpoch`, in digits), `invalid-commit`,
   * `invalid-proposal` (fact `proposalRef`, in hex, where the proposal came alone),
   * `invalid-signature`, `invalid-tree`, `invalid-group-info`, `group-info-mismatch`,
   * `not-a-participant`, `wrong-message-kind`, `queue-full`.
   */
  stage(room: string, handshake: Handshake): StagedUpdate {
    const cached = this.entry(room)
    if (cached === undefined) throw new GatewayError('room-unknown')
    return stageHandshake(cached.entry, handshake)
  }

  /**
   * Makes a staged handshake the room's state: at once for those who ask, durable once it resolves.
   * Throws `wrong-epoch` where another one was accepted since it was staged, `store-unavailable`.
   */
  async accept(staged: StagedUpdate): Promise<void> {
    const cached = this.entry(staged.room)
    if (cached === undefined) throw new GatewayError('room-unknown')
    const { entry } = cached
    if (!sameEpoch(entry, staged.before)) throw wrongEpoch(entry.state.epoch)
    cached.entry =
      staged.kind === 'commit' ? staged.after : withPending(entry, staged.after.group.pending)
    cached.users = undefined
    cached.writes++
    try {
      await (staged.kind === 'commit'
        ? writeCommit(this.store, staged)
        : writeProposals(this.store, staged))
    } catch (error) {
      // What the store does not hold did not happen: the next use reads what it holds.
      this.rooms.delete(staged.room)
      throw error
    } finally {
      cached.writes--
      this.trim()
    }
  }

  private entry(room: string): CachedRoom | undefined {
    const cached = this.rooms.get(room)
    if (cached !== undefined) {
      this.rooms.delete(room)
      this.rooms.set(room, cached)
      return cached
    }
    const entry = loadRoom(this.store, room)
    if (entry === undefined) return undefined
    return this.keep(room, { entry, writes: 0 })
  }

  private keep(room: string, cached: CachedRoom): CachedRoom {
    this.rooms.set(room, cached)
    this.trim()
    return cached
  }

  /** Rooms with a write under way stay: the store does not hold their newest state yet. */
  private trim(): void {
    for (const [room, cached] of this.rooms) {
      if (this.rooms.size <= this.roomsInMemoryMax) return
      if (cached.writes === 0) this.rooms.delete(room)
    }
  }
}

/** A room for an operator's list. */
export interface RoomListing {
  readonly room: string
  readonly suite: string
  readonly epoch: string
  readonly participants: number
}

interface CachedRoom {
  entry: RoomEntry
  /** Writes under way. */
  writes: number
  /** The users in the participant list, once asked for. */
  users?: ReadonlySet<string> | undefined
}

function sameEpoch(
  { group: { context: one } }: RoomEntry,
  { group: { context: other } }: RoomEntry,
) {
  return (
    one.epoch === other.epoch && one.confirmedTranscriptHash.equals(other.confirmedTranscriptHash)
  )
}

/** Proposals may have come between staging and accepting: all of them wait. */
function withPending({ group, state }: RoomEntry, proposals: Group['pending']): RoomEntry {
  const pending = new Map([...group.pending, ...proposals])
  const pendingProposals = [...pending.values()].map(({ reference }) => reference)
  return { group: { ...group, pending }, state: { ...state, pendingProposals } }
}

const ROOMS_IN_MEMORY_MAX = 1_000
