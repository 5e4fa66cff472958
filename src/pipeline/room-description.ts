import { withinCell } from '../metadata/plan.ts'
import { showsTooMuch, type Disclosed } from './disclose.ts'
import type { PipelineParts } from './parts.ts'
import type { Passage } from './passage.ts'

/**
 * A handshake that shows a description of its room passes only where the plan shows one: members sign
 * for it, so it can only be taken or refused. Throws `disclosure-refused`.
 */
export function requireNoDescription(
  parts: PipelineParts,
  passage: Passage,
  { plan, audience }: Disclosed,
): void {
  const { exchange } = passage
  const cell = plan.request['room.description']
  if (cell === undefined || withinCell(cell, 'exact')) return
  if (exchange.operation !== 'update' && exchange.operation !== 'notify') return
  if (parts.bytes.showsDescription(exchange))
    throw showsTooMuch(passage, audience, { field: 'room.description', shown: 'exact' })
}
