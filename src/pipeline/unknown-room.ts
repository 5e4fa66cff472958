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
  throw new GatewayError(hidesRooms(passage) ? 'not-a-participant' : 'room-unknown')
}

/** Whether the requester may not tell a room that is not there from one that is closed to it. */
export function hidesRooms(passage: Passage): boolean {
  if (passage.exchange.origin.kind === 'local') return false
  return isHidden(disclose(passage, 'follower').response['user.existence'])
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
    const tells = error instanceof GatewayError && TELLING.has(error.code)
    if (!tells || isInsider(parts, passage.exchange) || !hidesRooms(passage)) throw error
    throw new GatewayError('not-a-participant', { cause: error })
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
