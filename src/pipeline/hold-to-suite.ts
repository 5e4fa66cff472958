import type { Suite } from '../metadata/suite.ts'
import { GatewayError } from '../model/errors.ts'
import type { RoomState } from '../rooms/room-state.ts'
import type { PipelineParts } from './parts.ts'

/**
 * Every client of a room has the kind of credential that a suite wants, and the room names our
 * franking agent where the suite needs franks. Throws `disclosure-refused`, `frank-required`.
 */
export function holdToSuite(
  parts: Pick<PipelineParts, 'frankingAgent'>,
  room: RoomState,
  { pseudonymousCredentials: wanted, requiresFrank }: Suite,
): void {
  const differs = room.members.some(({ pseudonymous }) => pseudonymous !== (wanted === 'required'))
  if (wanted !== 'optional' && differs)
    throw new GatewayError('disclosure-refused', { facts: { field: 'participants.list' } })
  if (!requiresFrank) return
  const ours = parts.frankingAgent(room.ciphersuite).agentData()
  if (room.frankingAgent?.equals(ours) !== true) throw new GatewayError('frank-required')
}
