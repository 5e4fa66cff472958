import type { FieldName, Form } from '../model/metadata.ts'
import type { Script } from './capture-server.ts'
import type { Cast } from './cast.ts'
import type { Pair, Renaming, SinkName } from './interference.ts'
import { marksOf, type View } from './scenario.ts'
import { fromInside, fromPeer, type Place } from './steps.ts'

/** One side of a pair: what is asked, and what whoever is asked says. */
export interface Side {
  readonly place: Place
  readonly answer: Script
}

export interface SidesOf {
  readonly name: string
  readonly field: FieldName
  readonly part: Pair['part']
  readonly alikeUpTo?: Form
  readonly view: View
  readonly left: Side
  readonly right: Side
  readonly renaming?: readonly Renaming[]
  readonly only?: readonly SinkName[]
  readonly always?: readonly SinkName[]
}

/** A pair of single exchanges; their headers are the same. */
export function askedPair(cast: Cast, sides: SidesOf): Pair {
  const { name, field, part, alikeUpTo = 'absent', view, renaming, only, always } = sides
  const play = ({ place, answer }: Side): Pair['left'] => {
    const request = marksOf({ ...cast, maker: SAME }, 'request')
    const isPeers = view.direction === 'ingress' && view.other !== undefined
    const step = isPeers ? fromPeer(view.other, place, request) : fromInside(place, request)
    return { steps: [step], [view.direction === 'ingress' ? 'upstream' : 'peer']: answer }
  }
  return {
    name,
    field,
    part,
    alikeUpTo,
    views: [view],
    left: play(sides.left),
    right: play(sides.right),
    ...(renaming !== undefined && { renaming }),
    ...(only !== undefined && { only }),
    ...(always !== undefined && { always }),
  }
}

/** A full minute so many hours later: each pair has an hour of its own, as times of a room never go back. */
export function hourOf({ nowMs }: Cast, hour: number): number {
  return Math.ceil(nowMs / 60_000) * 60_000 + hour * 3_600_000
}

export function renamed(left: string | Buffer, right: string | Buffer): Renaming {
  return { left: [Buffer.from(left)], right: [Buffer.from(right)] }
}

/** Everything that says the same on both sides. */
const SAME: Cast['maker'] = {
  word: (name) => `same-${name}`,
  octets: (_name, count) => Buffer.alloc(count, 0x2a),
}
