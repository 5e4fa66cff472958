import { operations } from '../model/exchange.ts'
import { audiences, purposes } from '../model/metadata.ts'
import type { EntityData, EntityStore, EvaluationRequest } from './compile/entities.ts'
import { entityUid, type CedarRecord, type CedarValue, type EntityUid } from './compile/values.ts'
import type { CedarRequest } from './engine.ts'
import { gatewayActions } from './schema.ts'
import {
  peerClasses,
  policySuites,
  regions,
  roomProfiles,
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
  const attributes = complete({
    class: enumerated.PeerClass.get(peer.class),
    region: enumerated.Region.get(peer.region),
    agreement: boolean(peer.agreement),
    verified: boolean(peer.verified),
  })
  if (attributes === undefined) return undefined
  const ancestors = new Set(peer.groups.map((id) => entityUid('PeerGroup', id).key))
  return { uid: entityUid('Peer', peer.id), data: { attributes, tags: NO_TAGS, ancestors } }
}

function readRoom(room: RoomFacts): KnownEntity | undefined {
  const attributes = complete({
    suite: enumerated.Suite.get(room.suite),
    profile: enumerated.RoomProfile.get(room.profile),
    region: enumerated.Region.get(room.region),
  })
  if (attributes === undefined) return undefined
  const ancestors = new Set([entityUid('Tenant', room.tenant).key])
  return { uid: entityUid('Room', room.id), data: { attributes, tags: NO_TAGS, ancestors } }
}

interface Circumstances {
  readonly type: 'Disclosure' | 'Admission'
  readonly record: CedarRecord
}

function readContext(context: CedarRequest['context']): Circumstances | undefined {
  const direction = enumerated.Direction.get(context.direction)
  const fields =
    'local' in context
      ? complete({
          direction,
          local: boolean(context.local),
          pseudonymous: boolean(context.pseudonymous),
        })
      : complete({
          purpose: enumerated.Purpose.get(context.purpose),
          audience: enumerated.Audience.get(context.audience),
          direction,
          operation: enumerated.Operation.get(context.operation),
        })
  if (fields === undefined) return undefined
  const type = 'local' in context ? 'Admission' : 'Disclosure'
  return { type, record: { kind: 'record', fields } }
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

/** Undefined unless every field has a value. */
function complete(
  fields: Readonly<Record<string, CedarValue | undefined>>,
): ReadonlyMap<string, CedarValue> | undefined {
  const known = new Map<string, CedarValue>()
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) return undefined
    known.set(name, value)
  }
  return known
}

function boolean(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}

/** Remembers the last answer; the objects that requests are made of never change. */
function createLast<T extends object, Answer>(read: (value: T) => Answer): (value: T) => Answer {
  let last: { readonly value: T; readonly answer: Answer } | undefined
  return (value) => {
    if (last?.value !== value) last = { value, answer: read(value) }
    return last.answer
  }
}

function enumeration(type: string, members: readonly string[]): ReadonlyMap<string, EntityUid> {
  return new Map(members.map((id) => [id, entityUid(type, id)]))
}

const enumerated = {
  PeerClass: enumeration('PeerClass', peerClasses),
  Region: enumeration('Region', regions),
  RoomProfile: enumeration('RoomProfile', roomProfiles),
  Suite: enumeration('Suite', policySuites),
  Purpose: enumeration('Purpose', purposes),
  Audience: enumeration('Audience', audiences),
  Direction: enumeration('Direction', ['ingress', 'egress']),
  Operation: enumeration('Operation', operations),
}

const NO_TAGS: EntityData['tags'] = new Map()

const actions = new Map(
  gatewayActions().map(({ id, groups, context }) => [
    id,
    { uid: entityUid('Action', id), groups, context },
  ]),
)

// INVARIANT: without the groups a forbid on a group silently does not apply.
const actionEntities: ReadonlyMap<string, EntityData> = new Map(
  [...actions.values()].map(({ uid, groups }) => [
    uid.key,
    {
      attributes: new Map(),
      tags: NO_TAGS,
      ancestors: new Set(groups.map((group) => entityUid('Action', group).key)),
    },
  ]),
)
