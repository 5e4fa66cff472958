import { GatewayError } from '../model/errors.ts'
import type { MimiUri, ProviderDomain } from '../model/ids.ts'
import { Fifo } from './fifo.ts'

/** A body while any of its deliveries is open; shared by the lanes of all its peers. */
export interface OutboxBody {
  readonly id: number
  readonly room: MimiUri
  readonly suite: string | undefined
  readonly size: number
  readonly enqueuedAtMs: number
  /** Undefined where memory was short; then it is read from the store when it is sent. */
  bytes: Buffer | undefined
  /** Peers whose delivery is neither done nor dead, in no order. */
  readonly waiting: ProviderDomain[]
  /** Whether any delivery died: then the body stays for the dead letter. */
  died: boolean
}

/** The deliveries to one peer in one room, in their order: one at a time. */
export interface RoomLane {
  readonly bodies: Fifo<OutboxBody>
  /** Attempts at the first body that count. */
  attempts: number
}

/** All rooms of one peer. A room is in `ready`, or under way, or waits for its retry. */
export interface PeerLane {
  readonly peer: ProviderDomain
  readonly rooms: Map<MimiUri, RoomLane>
  readonly ready: Fifo<RoomLane>
  inFlight: number
  count: number
  /** Waves of failed attempts in a row. */
  failures: number
  /** Nothing is sent to the peer before. */
  notBeforeMs: number
}

/** The lanes of all peers and what they hold. No timer, no I/O. */
export class OutboxLanes {
  readonly peers = new Map<ProviderDomain, PeerLane>()
  /** Deliveries, those that are being enqueued included. */
  waiting = 0
  /** Bytes of bodies, each counted once. */
  bytes = 0
  private memoryBytes = 0
  private readonly memoryBytesMax: number

  constructor(memoryBytesMax: number) {
    this.memoryBytesMax = memoryBytesMax
  }

  /** Counts what is about to come; `release` takes it back. */
  reserve(deliveries: number, bytes: number): void {
    this.waiting += deliveries
    this.bytes += bytes
  }

  release(deliveries: number, bytes: number): void {
    this.waiting -= deliveries
    this.bytes -= bytes
  }

  countOf(peer: ProviderDomain): number {
    return this.peers.get(peer)?.count ?? 0
  }

  /** Appends what was reserved, and returns the peer's lane. */
  append(peer: ProviderDomain, body: OutboxBody): PeerLane {
    const lane = this.peers.get(peer) ?? this.open(peer)
    lane.count += 1
    const known = lane.rooms.get(body.room)
    const room = known ?? { bodies: new Fifo<OutboxBody>(), attempts: 0 }
    room.bodies.push(body)
    if (known === undefined) {
      lane.rooms.set(body.room, room)
      lane.ready.push(room)
    }
    return lane
  }

  /** The first body of the room's lane is settled: the next one is ready, or the lane goes. */
  advance(lane: PeerLane, room: RoomLane): void {
    const body = room.bodies.shift()
    if (body === undefined) return
    room.attempts = 0
    lane.count -= 1
    this.release(1, body.waiting.length === 0 ? body.size : 0)
    if (body.waiting.length === 0) this.forget(body)
    if (room.bodies.size > 0) lane.ready.push(room)
    else lane.rooms.delete(body.room)
    if (lane.count === 0 && lane.inFlight === 0) this.peers.delete(lane.peer)
  }

  /** Holds the bytes in memory where there is room. Throws `internal` where there are none. */
  load(body: OutboxBody, bytes: Buffer | undefined): Buffer {
    if (bytes === undefined) throw new GatewayError('internal')
    if (this.memoryBytes + bytes.length <= this.memoryBytesMax) {
      body.bytes = bytes
      this.memoryBytes += bytes.length
    }
    return bytes
  }

  private forget(body: OutboxBody): void {
    if (body.bytes !== undefined) this.memoryBytes -= body.bytes.length
    body.bytes = undefined
  }

  private open(peer: ProviderDomain): PeerLane {
    const lane: PeerLane = {
      peer,
      rooms: new Map(),
      ready: new Fifo(),
      inFlight: 0,
      count: 0,
      failures: 0,
      notBeforeMs: 0,
    }
    this.peers.set(peer, lane)
    return lane
  }
}
