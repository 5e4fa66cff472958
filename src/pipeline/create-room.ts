import { purposeOf, withinCell } from '../metadata/plan.ts'
import { GatewayError } from '../model/errors.ts'
import { parseMimiUri, uriDomain, type MimiUri } from '../model/ids.ts'
import type { RoomState } from '../rooms/room-state.ts'
import { holdToSuite } from './hold-to-suite.ts'
import type { PolicyRoom } from '../policy/slices.ts'
import type { PipelineParts } from './parts.ts'
import { showsFranks } from './relay.ts'
import { requireStatedTokenKeysIn } from './stated-token-keys.ts'

export interface RoomToCreate {
  readonly room: MimiUri
  /** The name of the metadata suite; may be left out where the group pins one. */
  readonly suite: string | undefined
  /** The struct GroupInfo, without an MLSMessage header. */
  readonly groupInfo: Buffer
  /** `optional<Node> ratchet_tree<V>`, with its length. */
  readonly ratchetTree: Buffer
}

/**
 * A room of ours begins: its group is verified, held to the suite that it pins or names, and followed
 * from here on; durable once it resolves. Throws `suite-unavailable`, `suite-not-met`,
 * `disclosure-refused`, `frank-required`, `not-permitted`, `actor-mismatch`, `room-exists`,
 * `invalid-group-info`, `invalid-tree`, `invalid-signature`.
 */
export async function createRoom(parts: PipelineParts, wanted: RoomToCreate): Promise<RoomState> {
  if (uriDomain(wanted.room) !== parts.peers.self) throw new GatewayError('actor-mismatch')
  const nowMs = parts.clock()
  let isLogged = false
  const created = await parts.rooms.create({ ...wanted, nowMs }, (room) => {
    const suite = parts.suites.suiteByName(room.suite)
    if (suite === undefined) throw new GatewayError('suite-unavailable')
    requireOwnUsers(parts, room)
    holdToSuite(parts, room, suite)
    requireStatedTokenKeysIn(parts, room)
    requireServable(parts, wanted, parts.home.room(wanted.room, suite))
    isLogged = showsFranks(suite)
  })
  if (isLogged) await parts.logCoverage.begin(wanted.room, nowMs)
  return created
}

/**
 * Our own policies can serve the suite in rooms, and the room has a name and a subject only where they
 * and the suite show them to hubs.
 */
function requireServable(
  parts: PipelineParts,
  { groupInfo }: RoomToCreate,
  room: PolicyRoom,
): void {
  const plan = parts.policies.current().plan({
    peer: parts.home.peer,
    room,
    operation: 'update',
    direction: 'ingress',
    audience: 'hub',
    purpose: purposeOf('update', 'hub'),
  })
  if (plan.kind === 'refused')
    throw new GatewayError('disclosure-refused', { facts: { field: plan.field } })
  const cell = plan.request['room.description']
  if (cell === undefined || withinCell(cell, 'exact')) return
  if (parts.bytes.groupInfoDescribes(groupInfo))
    throw new GatewayError('disclosure-refused', { facts: { field: 'room.description' } })
}

/** Whoever creates a room is a user of ours. */
function requireOwnUsers({ peers }: PipelineParts, { members }: RoomState): void {
  for (const { user } of members)
    if (user === undefined || uriDomain(parseMimiUri(user, 'user')) !== peers.self)
      throw new GatewayError('actor-mismatch')
}
