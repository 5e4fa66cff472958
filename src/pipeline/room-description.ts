import { withinCell, type GrantedPlan } from '../metadata/plan.ts'
import { GatewayError } from '../model/errors.ts'
import type { Exchange } from '../model/exchange.ts'
import type { PipelineParts } from './parts.ts'

/**
 * A handshake that shows a description of its room passes only where the plan shows one: members sign
 * for it, so it can only be taken or refused. Throws `disclosure-refused`.
 */
export function requireNoDescription(
  parts: PipelineParts,
  exchange: Exchange,
  { request }: GrantedPlan,
): void {
  const cell = request['room.description']
  if (cell === undefined || withinCell(cell, 'exact')) return
  if (exchange.operation !== 'update' && exchange.operation !== 'notify') return
  if (parts.bytes.showsDescription(exchange))
    throw new GatewayError('disclosure-refused', { facts: { field: 'room.description' } })
}
