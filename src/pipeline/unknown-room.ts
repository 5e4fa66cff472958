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
  throw new GatewayError(shownCode(parts, passage, 'room-unknown'))
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
    if (!(error instanceof GatewayError) || !TELLING.has(error.code)) throw error
    if (isInsider(parts, passage.exchange)) throw error
    const code = shownCode(parts, passage, error.code)
    throw code === error.code ? error : new GatewayError(code, { cause: error })
  }
}

function isInsider(parts: PipelineParts, exchange: RoomExchange): boolean {
  const from = originDomain(exchange)
  if (from === undefined || parts.roomGrants.has(from, exchange.room)) return true
  const participants = parts.rooms.find(exchange.room)?.participants ?? []
  return participants.some(({ user }) => uriDomain(parseMimiUri(user, 'user')) === from)
}

/** Codes that a room which is not there never gives. */
const TELLING: ReadonlySet<ErrorCode> = new Set([
  'wrong-epoch',
  'invalid-proposal',
  'actor-mismatch',
])
