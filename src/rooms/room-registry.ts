import { noSuites, type Suites } from '../metadata/suites.ts'
import { GatewayError } from '../model/errors.ts'
import type { Handshake } from '../model/exchange.ts'
import type { Store } from '../sqlite/store.ts'
import { rolesOf } from './authorise.ts'
import { checkNewRoom } from './check-policy.ts'
import type { EpochRecord } from './epoch-record.ts'
import { openGroupInSlices, wrongEpoch, type Group, type PendingProposal } from './group.ts'
import {
  createdAt,
  insertRoom,
  loadRoom,
  roomUris,
  writeCommit,
  writeProposals,
  type NewRoom,
} from './room-store.ts'
import { refusal } from './refusal.ts'
import { roomState, type RoomState } from './room-state.ts'
import { stageHandshake, type RoomEntry, type StagedUpdate } from './staged-update.ts'

/**
 * The public state of every room that this gateway is the hub of, followed without secrets.
 * Rooms live in the store; the ones used last are also in memory.
 */
export class RoomRegistry {
  private readonly store: Store
  private readonly roomsInMemoryMax: number
  private readonly suites: Suites
  private readonly epochs: EpochRecord | undefined
  /** In the order of last use. */
  private readonly rooms = new Map<string, CachedRoom>()

  constructor(
    store: Store,
    { roomsInMemoryMax = ROOMS_IN_MEMORY_MAX, suites = noSuites, epochs }: RegistryOptions = {},
  ) {
    this.store = store
    this.roomsInMemoryMax = roomsInMemoryMax
    this.suites = suites
    this.epochs = epochs
  }

  /**
   * Verifies a new room's group in full and, where `check` does not object by throwing, stores it;
   * durable once it resolves. Without a `suite` the room's suite is the one that its group pins.
   * Throws `room-exists`, `invalid-group-info`, `invalid-tree`, `invalid-signature`, `not-permitted`,
   * `suite-not-met`, `suite-unavailable`, `store-unavailable`.
   */
  async create(
    { suite = '', ...room }: RoomToFollow,
    check?: (state: RoomState) => void,
  ): Promise<RoomState> {
    if (this.entry(room.room) !== undefined) throw new GatewayError('room-exists')
    const group = await openGroupInSlices(room)
    const state = checkNewRoom({ group, state: roomState({ ...room, suite }, group) }, this.suites)
    if (state.suite === '' || (suite !== '' && state.suite !== suite))
      throw refusal('suite-unavailable', 'suite-named')
    this.checkParent(state)
    check?.(state)
    const entry = { group, state }
    const more = this.epochs?.statements(undefined, entry)
    await insertRoom(this.store, { ...room, suite: state.suite }, more)
    this.keep(room.room, { entry, writes: 0 })
    return state
  }

  /** The room in its newest accepted epoch. Throws `store-unavailable`. */
  find(room: string): RoomState | undefined {
    return this.entry(room)?.entry.state
  }

  /** The proposals that wait in the room for a commit; none without a room. */
  pending(room: string): readonly PendingProposal[] {
    return [...(this.entry(room)?.entry.group.pending.values() ?? [])]
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
    return this.roleOf(room, user) !== undefined
  }

  /** The role index of a participant (URI or pseudonym); undefined for others and without a room. */
  roleOf(room: string, user: string): number | undefined {
    const cached = this.entry(room)
    if (cached === undefined) return undefined
    cached.roles ??= rolesOf(cached.entry.state.participants)
    return cached.roles.get(user)
  }

  /**
   * Verifies a handshake against the room's newest epoch; nothing changes until `accept`.
   * Throws `room-unknown`, `wrong-epoch` (fact `currentEpoch`, in digits), `invalid-commit`,
   * `invalid-proposal` (fact `proposalRef`, in hex, where the proposal came alone),
   * `invalid-signature`, `invalid-tree`, `invalid-group-info`, `group-info-mismatch`,
   * `not-a-participant`, `not-permitted`, `suite-not-met`, `suite-unavailable`, `wrong-message-kind`,
   * `queue-full`.
   */
  stage(room: string, handshake: Handshake): StagedUpdate {
    const cached = this.entry(room)
    if (cached === undefined) throw new GatewayError('room-unknown')
    const staged = stageHandshake(cached.entry, handshake, this.suites)
    this.checkParent(staged.after.state)
    return staged
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
    cached.roles = undefined
    cached.writes++
    try {
      await (staged.kind === 'commit'
        ? writeCommit(this.store, staged, this.epochs?.statements(entry, staged.after))
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

  /** A dependent room has participants of its parent only. draft-ietf-mimi-room-policy-03 §5 */
  private checkParent({ policy, participants }: RoomState): void {
    const parent = policy.base?.parentRoom[0]
    if (parent === undefined) return
    for (const { user } of participants)
      if (!this.isParticipant(parent, user)) throw refusal('not-permitted', 'parent-room')
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

/** A new room; its suite need not be named where its group pins one. */
type RoomToFollow = Omit<NewRoom, 'suite'> & { readonly suite?: string | undefined }

interface RegistryOptions {
  readonly roomsInMemoryMax?: number
  /** Those that a room may pin; none unless given. */
  readonly suites?: Suites
  /** What is remembered of each epoch; nothing unless given. */
  readonly epochs?: EpochRecord
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
  /** Role index by participant, once asked for. */
  roles?: ReadonlyMap<string, number> | undefined
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
