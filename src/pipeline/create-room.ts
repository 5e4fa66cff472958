import { GatewayError } from '../model/errors.ts'
import { parseMimiUri, uriDomain, type MimiUri } from '../model/ids.ts'
import type { RoomState } from '../rooms/room-state.ts'
import { holdToSuite } from './hold-to-suite.ts'
import type { PipelineParts } from './parts.ts'

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
  return parts.rooms.create({ ...wanted, nowMs: parts.clock() }, (room) => {
    const suite = parts.suites.suiteByName(room.suite)
    if (suite === undefined) throw new GatewayError('suite-unavailable')
    requireOwnUsers(parts, room)
    holdToSuite(parts, room, suite)
  })
}

/** Whoever creates a room is a user of ours. */
function requireOwnUsers({ peers }: PipelineParts, { members }: RoomState): void {
  for (const { user } of members)
    if (user === undefined || uriDomain(parseMimiUri(user, 'user')) !== peers.self)
      throw new GatewayError('actor-mismatch')
}
