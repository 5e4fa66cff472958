import { operations } from '../model/exchange.ts'
import { audiences, purposes } from '../model/metadata.ts'
import { senderTiers } from '../model/sender-tier.ts'
import type { EntityData, EntityStore, EvaluationRequest } from './compile/entities.ts'
import { entityUid, type CedarRecord, type CedarValue, type EntityUid } from './compile/values.ts'
import type { CedarRequest } from './engine.ts'
import { gatewayActions } from './schema.ts'
import {
  peerClasses,
  policySuites,
  regions,
  roomProfiles,
  type AdmissionContext,
  type DisclosureContext,
  type PeerFacts,
  type RoomFacts,
} from './vocabulary.ts'

/**
 * Turns requests into what closures read; undefined for a value that the schema does not know. One
 * reader keeps the last peer, room and context: the fields of one exchange come with the same.
 */
export function createRequestReader(): (request: CedarRequest) => EvaluationRequest | undefined {
  const peerOf = createLast(readPeer)
  const roomOf = createLast(readRoom)
  const contextOf = createLast(readContext)
  return ({ principal, action, resource, context }) => {
    const asked = actions.get(action)
    const peer = peerOf(principal)
    const room = roomOf(resource)
    const circumstances = contextOf(context)
    if (asked === undefined || peer === undefined || room === undefined) return undefined
    if (circumstances?.type !== asked.context) return undefined
    return {
      principal: peer.uid,
      action: asked.uid,
      resource: room.uid,
      context: circumstances.record,
      entities: entitiesOf(peer, room),
    }
  }
}

interface KnownEntity {
  readonly uid: EntityUid
  readonly data: EntityData
}

function readPeer(peer: PeerFacts): KnownEntity | undefined {
  const attributes = peerShape(peer)
  if (attributes === undefined) return undefined
  const ancestors =
    peer.groups.length === 0
      ? NO_ANCESTORS
      : new Set(peer.groups.map((id) => entityUid('PeerGroup', id).key))
  return { uid: entityUid('Peer', peer.id), data: { attributes, tags: NO_VALUES, ancestors } }
}

function readRoom(room: RoomFacts): KnownEntity | undefined {
  const attributes = roomShape(room)
  if (attributes === undefined) return undefined
  const ancestors = new Set([entityUid('Tenant', room.tenant).key])
  return { uid: entityUid('Room', room.id), data: { attributes, tags: NO_VALUES, ancestors } }
}

interface Circumstances {
  readonly type: 'Disclosure' | 'Admission'
  readonly record: CedarRecord
}

function readContext(context: CedarRequest['context']): Circumstances | undefined {
  const isAdmission = 'local' in context
  const fields = isAdmission ? admissionShape(context) : disclosureShape(context)
  if (fields === undefined) return undefined
  return {
    type: isAdmission ? 'Admission' : 'Disclosure',
    record: { kind: 'record', fields },
  }
}

/** No map of all entities: it would cost more than the decision. */
function entitiesOf(peer: KnownEntity, room: KnownEntity): EntityStore {
  return {
    get: (key) => {
      if (key === peer.uid.key) return peer.data
      return key === room.uid.key ? room.data : actionEntities.get(key)
    },
  }
}

type Values = ReadonlyMap<string, CedarValue>

/** A field with its values in Cedar by what the facts say, in a fixed order. */
type Field<Facts> = readonly [
  name: string,
  fact: (facts: Facts) => unknown,
  values: ReadonlyMap<unknown, CedarValue>,
]

/**
 * Reads facts of one shape; the same facts give the same map, which is made once: every field has few
 * values. Undefined where a fact is none of them.
 */
function createShape<Facts>(fields: readonly Field<Facts>[]): (facts: Facts) => Values | undefined {
  const digits = fields.map(([, fact, values]) => {
    const digitOf = new Map([...values.keys()].map((value, digit) => [value, digit]))
    return { fact, digitOf, size: values.size }
  })
  const made = new Map<number, Values>()
  return (facts) => {
    let number = 0
    for (const { fact, digitOf, size } of digits) {
      const digit = digitOf.get(fact(facts))
      if (digit === undefined) return undefined
      number = number * size + digit
    }
    const known = made.get(number)
    if (known !== undefined) return known
    const values = new Map(
      fields.flatMap(([name, fact, all]) => {
        const value = all.get(fact(facts))
        return value === undefined ? [] : [[name, value] as const]
      }),
    )
    made.set(number, values)
    return values
  }
}

/** Remembers the last answer; the objects that requests are made of never change. */
function createLast<T extends object, Answer>(read: (value: T) => Answer): (value: T) => Answer {
  let last: { readonly value: T; readonly answer: Answer } | undefined
  return (value) => {
    if (last?.value !== value) last = { value, answer: read(value) }
    return last.answer
  }
}

function enumeration(type: string, members: readonly string[]): ReadonlyMap<unknown, CedarValue> {
  return new Map(members.map((id) => [id, entityUid(type, id)]))
}

const BOOLEANS: ReadonlyMap<unknown, CedarValue> = new Map([
  [false, false],
  [true, true],
])
const REGIONS = enumeration('Region', regions)
const DIRECTIONS = enumeration('Direction', ['ingress', 'egress'])

const peerShape = createShape<PeerFacts>([
  ['class', (peer) => peer.class, enumeration('PeerClass', peerClasses)],
  ['region', (peer) => peer.region, REGIONS],
  ['agreement', (peer) => peer.agreement, BOOLEANS],
  ['verified', (peer) => peer.verified, BOOLEANS],
])
const roomShape = createShape<RoomFacts>([
  ['suite', (room) => room.suite, enumeration('Suite', policySuites)],
  ['profile', (room) => room.profile, enumeration('RoomProfile', roomProfiles)],
  ['region', (room) => room.region, REGIONS],
])
const disclosureShape = createShape<DisclosureContext>([
  ['purpose', (context) => context.purpose, enumeration('Purpose', purposes)],
  ['audience', (context) => context.audience, enumeration('Audience', audiences)],
  ['direction', (context) => context.direction, DIRECTIONS],
  ['operation', (context) => context.operation, enumeration('Operation', operations)],
])
const admissionShape = createShape<AdmissionContext>([
  ['direction', (context) => context.direction, DIRECTIONS],
  ['local', (context) => context.local, BOOLEANS],
  ['tier', (context) => context.tier, enumeration('SenderTier', senderTiers)],
])

const NO_VALUES: Values = new Map()
const NO_ANCESTORS: EntityData['ancestors'] = new Set()

const actions = new Map(
  gatewayActions().map(({ id, groups, context }) => [
    id,
    { uid: entityUid('Action', id), groups, context },
  ]),
)

/** By key. INVARIANT: without the groups a forbid on a group silently does not apply. */
export const actionEntities: ReadonlyMap<string, EntityData> = new Map(
  [...actions.values()].map(({ uid, groups }) => [
    uid.key,
    {
      attributes: NO_VALUES,
      tags: NO_VALUES,
      ancestors: new Set(groups.map((group) => entityUid('Action', group).key)),
    },
  ]),
)
