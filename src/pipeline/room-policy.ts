import { GatewayError } from '../model/errors.ts'
import type { ReportAbuseExchange, SubmitMessageExchange } from '../model/exchange.ts'
import { checkMessage, roleAllows } from '../rooms/message-rules.ts'
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

/** A reporter that gives its name has the right to report. Throws `not-permitted`. */
export function requireMayReport(
  { rooms }: Pick<PipelineParts, 'rooms'>,
  { room, reporter }: ReportAbuseExchange,
): void {
  const policy = rooms.find(room)?.policy
  if (policy?.roles === undefined || reporter === undefined) return
  const roleIndex = rooms.roleOf(room, reporter)
  if (roleIndex !== undefined && !roleAllows(policy, roleIndex, 'canReportAbuse'))
    throw new GatewayError('not-permitted', { facts: { reason: 'report' } })
}
