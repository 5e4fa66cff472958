import type { Suite } from '../metadata/suite.ts'
import type { NamedEntities } from './engine.ts'
import { policySuite, type PeerFacts, type RoomFacts } from './vocabulary.ts'

/** A room as the plan table knows it: `RoomFacts` with the suite itself. */
export interface PolicyRoom extends Omit<RoomFacts, 'suite'> {
  readonly suite: Suite
}

/**
 * Interns peers and rooms into slices: all that look alike to every policy share one number, so the
 * number of plans depends on the policies and not on how many peers and rooms there are.
 */
export interface Slices {
  /** One safe integer for the pair; undefined where a bound is met. */
  pair(peer: PeerFacts, room: PolicyRoom): number | undefined
  /** What policies are shown of the pair; whoever no policy names has no name here. */
  representatives(
    peer: PeerFacts,
    room: PolicyRoom,
  ): { readonly peer: PeerFacts; readonly room: RoomFacts }
  clear(): void
}

/** At most 4,096 slices of peers and 16,384 of rooms. */
export function createSlices(named: NamedEntities): Slices {
  const peers = createInterner(PEER_SLICES_MAX, (peer: PeerFacts) =>
    JSON.stringify(peerSlice(peer, named)),
  )
  // Bounded by the rooms: each new suite comes with a new slice of rooms.
  const suites = createInterner(Infinity, (suite: Suite) => JSON.stringify(suite))
  const rooms = createInterner(ROOM_SLICES_MAX, (room: PolicyRoom) =>
    JSON.stringify([suites.number(room.suite), roomSlice(room, named)]),
  )
  return {
    pair: (peer, room) => {
      const peerNumber = peers.number(peer)
      const roomNumber = rooms.number(room)
      if (peerNumber === undefined || roomNumber === undefined) return undefined
      return peerNumber * ROOM_SLICES_MAX + roomNumber
    },
    representatives: (peer, room) => ({
      peer: peerSlice(peer, named),
      room: roomSlice(room, named),
    }),
    clear: () => {
      peers.clear()
      rooms.clear()
      suites.clear()
    },
  }
}

function peerSlice(peer: PeerFacts, named: NamedEntities): PeerFacts {
  return {
    id: named.peers.has(peer.id) ? peer.id : UNNAMED,
    class: peer.class,
    region: peer.region,
    agreement: peer.agreement,
    verified: peer.verified,
    groups: [...new Set(peer.groups)].toSorted(),
  }
}

function roomSlice(room: PolicyRoom, named: NamedEntities): RoomFacts {
  return {
    id: named.rooms.has(room.id) ? room.id : UNNAMED,
    suite: policySuite(room.suite.name),
    profile: room.profile,
    region: room.region,
    tenant: room.tenant,
  }
}

interface Interner<T extends object> {
  number(value: T): number | undefined
  clear(): void
}

/** Numbers values by what they say; the same object is found again without saying it. */
function createInterner<T extends object>(max: number, say: (value: T) => string): Interner<T> {
  let seen = new WeakMap<T, number>()
  const numbers = new Map<string, number>()
  return {
    number: (value) => {
      const known = seen.get(value)
      if (known !== undefined) return known
      const text = say(value)
      const number = numbers.get(text) ?? numbers.size
      if (number >= max) return undefined
      numbers.set(text, number)
      seen.set(value, number)
      return number
    },
    clear: () => {
      seen = new WeakMap()
      numbers.clear()
    },
  }
}

/** Stands for every peer or room that no policy names; no domain and no URI is spelled like it. */
const UNNAMED = '~'
const PEER_SLICES_MAX = 4_096
const ROOM_SLICES_MAX = 16_384
