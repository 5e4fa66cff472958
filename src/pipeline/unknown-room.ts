import { isHidden } from '../metadata/transforms.ts'
import { GatewayError, type ErrorCode } from '../model/errors.ts'
import type { Exchange } from '../model/exchange.ts'
import { parseMimiUri, uriDomain, type MimiUri } from '../model/ids.ts'
import { disclose } from './disclose.ts'
import { originDomain } from './identify.ts'
import type { PipelineParts } from './parts.ts'
import type { Passage } from './passage.ts'

type RoomExchange = Extract<Exchange, { readonly room: MimiUri }>

/**
 * A room of ours that is not there is named so only where the plan shows who and what exists; else
 * the answer is that of a room in which the requester is not. Throws `room-unknown`, `not-a-participant`.
 */
export function requireRoom(parts: PipelineParts, passage: Passage<RoomExchange>): void {
  if (parts.rooms.find(passage.exchange.room) !== undefined) return
  throw new PresenceError(shownCode(parts, passage, 'room-unknown'))
}

/** A refusal whose code tells whether a room is there: the journal has its own plan for it. */
export class PresenceError extends GatewayError {}

/** The code of a refusal as the journal and the metrics may keep it. */
export function keptCode(
  { transforms: use }: Pick<PipelineParts, 'transforms'>,
  error: unknown,
  isHidingExistence: boolean,
): ErrorCode {
  if (!(error instanceof GatewayError)) return 'internal'
  const { code } = error
  return isHidingExistence && error instanceof PresenceError ? use.maskRoomPresence(code) : code
}

/** The code that the requester gets for one that tells whether a room is there. */
export function shownCode(parts: PipelineParts, passage: Passage, code: ErrorCode): ErrorCode {
  if (passage.exchange.origin.kind === 'local') return code
  const cell = disclose(passage, 'follower').response['user.existence']
  return isHidden(cell) ? parts.transforms.maskRoomPresence(code) : code
}

/**
 * Runs `work` on a room. A provider with nobody in it, to which its GroupInfo was not given either,
 * learns nothing of the room's state from how `work` fails.
 */
export function forInsiders<T>(
  parts: PipelineParts,
  passage: Passage<RoomExchange>,
  work: () => T,
): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof GatewayError) || isInsider(parts, passage.exchange)) throw error
    const { code, facts } = error
    const shown = shownCode(parts, passage, code)
    throw new PresenceError(shown, { cause: error, ...(shown === code && { facts }) })
  }
}

function isInsider(parts: PipelineParts, exchange: RoomExchange): boolean {
  const from = originDomain(exchange)
  if (from === undefined || parts.roomGrants.has(from, exchange.room)) return true
  const participants = parts.rooms.find(exchange.room)?.participants ?? []
  return participants.some(({ user }) => uriDomain(parseMimiUri(user, 'user')) === from)
}
