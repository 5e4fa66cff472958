import type { Suite } from '../metadata/suite.ts'
import { GatewayError } from '../model/errors.ts'
import { parseMimiUri, uriDomain, type MimiUri } from '../model/ids.ts'
import type { RoomState } from '../rooms/room-state.ts'
import type { PipelineParts } from './parts.ts'

export interface RoomToCreate {
  readonly room: MimiUri
  /** The name of the metadata suite. */
  readonly suite: string
  /** The struct GroupInfo, without an MLSMessage header. */
  readonly groupInfo: Buffer
  /** `optional<Node> ratchet_tree<V>`, with its length. */
  readonly ratchetTree: Buffer
}

/**
 * A room of ours begins: its group is verified, held to the suite that it names, and followed from
 * here on; durable once it resolves. Throws `suite-unavailable`, `disclosure-refused`,
 * `actor-mismatch`, `room-exists`, `invalid-group-info`, `invalid-tree`, `invalid-signature`.
 */
export async function createRoom(parts: PipelineParts, wanted: RoomToCreate): Promise<RoomState> {
  if (uriDomain(wanted.room) !== parts.peers.self) throw new GatewayError('actor-mismatch')
  const suite = parts.suites.suiteByName(wanted.suite)
  if (suite === undefined) throw new GatewayError('suite-unavailable')
  const state = await parts.rooms.create({ ...wanted, nowMs: parts.clock() }, (room) =>
    holdToSuite(parts, room, suite),
  )
  return state
}

/** Whoever creates a room is a user of ours, and its first leaf meets the suite. */
function holdToSuite(parts: PipelineParts, room: RoomState, suite: Suite): void {
  for (const { user, pseudonymous } of room.members) {
    if (user === undefined || uriDomain(parseMimiUri(user, 'user')) !== parts.peers.self)
      throw new GatewayError('actor-mismatch')
    const wanted = suite.pseudonymousCredentials
    if (wanted !== 'optional' && pseudonymous !== (wanted === 'required'))
      throw new GatewayError('disclosure-refused', { facts: { field: 'participants.list' } })
  }
  if (!suite.requiresFrank) return
  const ours = parts.frankingAgent(room.ciphersuite).agentData()
  if (room.frankingAgent === undefined || !room.frankingAgent.equals(ours))
    throw new GatewayError('frank-required')
}
