import { GatewayError } from '../model/errors.ts'
import type { UpdateExchange } from '../model/exchange.ts'
import type { RoomState } from '../rooms/room-state.ts'
import { checkOutcome } from '../sanctions/group-needs.ts'
import type { Proposal } from '../wire/mls/proposal.ts'
import type { PipelineParts } from './parts.ts'
import { update } from './update.ts'

/** What became of proposals that the hub makes itself. */
export type Proposed =
  | { readonly kind: 'waits'; readonly references: readonly string[] }
  /** `final`: it will be the same until the next epoch. */
  | { readonly kind: 'refused'; readonly note: string; readonly final: boolean }

/**
 * Signs proposals as the group's external sender and hands them to the delivery service, like those of
 * a member: it orders them and fans them out. Where the room's policy does not let the hub do it,
 * nothing is sent. draft-ietf-mimi-protocol-06 §5.3
 */
export async function proposeAsHub(
  parts: PipelineParts,
  room: RoomState,
  proposals: readonly [Proposal, ...Proposal[]],
): Promise<Proposed> {
  const made = parts.bytes.hubProposals(room, proposals)
  if (made === undefined) return { kind: 'refused', note: 'no-external-sender', final: true }
  const exchange = parts.adapter.parse({
    operation: 'update',
    direction: 'ingress',
    origin: { kind: 'local' },
    target: room.room,
    bytes: made.bytes,
  })
  if (exchange.operation !== 'update') throw new GatewayError('internal')
  try {
    // Refused here it is in no journal: nobody asked for it.
    parts.rooms.stage(exchange.room, exchange.handshake)
    checkOutcome({ state: room, pending: parts.rooms.pending(room.room) }, proposals)
    return await handedOver(parts, exchange, made.references)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const final = FINAL.has(error.code)
    return { kind: 'refused', note: final ? 'room-policy' : error.code, final }
  }
}

async function handedOver(
  parts: PipelineParts,
  exchange: UpdateExchange,
  references: readonly Buffer[],
): Promise<Proposed> {
  const response = await update(parts, exchange, {
    requestId: `hub-${parts.randomness(REQUEST_ID_BYTES).toString('hex')}`,
    receivedAtMs: parts.clock(),
    suite: undefined,
    agreement: undefined,
    signal: parts.sanctionTurns.signal,
  })
  const answer = parts.adapter.parseAnswer(exchange, response)
  if (answer.operation === 'update' && answer.outcome.kind === 'success')
    return { kind: 'waits', references: references.map((one) => one.toString('hex')) }
  return { kind: 'refused', note: 'delivery-service', final: false }
}

const FINAL: ReadonlySet<string> = new Set([
  'not-permitted',
  'invalid-proposal',
  'not-a-participant',
  'suite-not-met',
  'not-admitted',
])
const REQUEST_ID_BYTES = 16
