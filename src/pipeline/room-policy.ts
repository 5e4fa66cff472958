import { GatewayError } from '../model/errors.ts'
import type { SubmitMessageExchange } from '../model/exchange.ts'
import { checkMessage } from '../rooms/message-rules.ts'
import type { PipelineParts } from './parts.ts'

/**
 * The sender is in the room, and the room's policy lets it send this message.
 * Throws `room-unknown`, `not-a-participant`, `not-permitted`, `wrong-epoch`.
 */
export function requireMaySend(
  { rooms }: Pick<PipelineParts, 'rooms'>,
  { room, sender, message }: SubmitMessageExchange,
): void {
  const state = rooms.find(room)
  if (state === undefined) throw new GatewayError('room-unknown')
  const roleIndex = rooms.roleOf(room, sender)
  if (roleIndex === undefined) throw new GatewayError('not-a-participant')
  checkMessage(state, roleIndex, message)
}
