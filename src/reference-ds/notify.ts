import { hash } from 'node:crypto'
import { parseMimiUri, uriDomain } from '../model/ids.ts'
import { spanned } from '../wire/codec.ts'
import { fanoutMessageCodec } from '../wire/mimi/fanout.ts'
import { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'
import { isUniqueViolation } from '../sqlite/write-queue.ts'
import type { DsContext } from './context.ts'
import type { UpstreamAnswer, UpstreamRequest } from './key-material.ts'
import { deliverLocally, type DeliveredItem } from './local-delivery.ts'
import { DsProblem } from './problems.ts'

/**
 * notify: takes in what a hub fans out. A body that this hub has sent for this room before is answered
 * 201 and changes nothing. Throws `malformed-body`, `not-the-hub`.
 */
export function notify(ctx: DsContext, ask: UpstreamRequest): Promise<UpstreamAnswer> {
  const room = parseMimiUri(ask.target, 'room')
  if (ask.peer === undefined || uriDomain(room) !== ask.peer) throw new DsProblem('not-the-hub')
  const items = readItems(ask.bytes)
  const digest = requestDigest(ask.peer, room, ask.bytes)
  return ctx.mutex.run(`room:${room}`, async () => {
    const now = ctx.clock()
    const { statements, clients } = deliverLocally(ctx, room, items)
    try {
      await ctx.store.writeAll([
        ['INSERT INTO ds_notifies (digest, received_ms) VALUES (?, ?)', [digest, now]],
        ['DELETE FROM ds_notifies WHERE received_ms < ?', [now - DUPLICATES_KNOWN_MS]],
        ...statements,
      ])
    } catch (error) {
      if (isUniqueViolation(error)) return RECEIVED
      throw error
    }
    ctx.queues.wake(clients)
    return RECEIVED
  })
}

function readItems(bytes: Buffer): readonly DeliveredItem[] {
  const reader = new Reader(bytes)
  const items: DeliveredItem[] = []
  while (reader.position < reader.end) {
    if (items.length === ITEMS_MAX) reader.fail('limit-exceeded')
    const { value, bytes: span } = spannedFanout.read(reader)
    items.push({ item: value, bytes: span })
  }
  if (items.length === 0) reader.fail('truncated')
  return items
}

function requestDigest(hub: string, room: string, body: Buffer): Buffer {
  const writer = new Writer(body.length + hub.length + room.length + 12)
  for (const part of [Buffer.from(hub), Buffer.from(room), body]) writer.opaque(part)
  return hash('sha256', writer.take(), 'buffer')
}

const spannedFanout = spanned(fanoutMessageCodec)
const RECEIVED: UpstreamAnswer = { status: 201, bytes: Buffer.alloc(0) }
/** FanoutMessages of one body. */
const ITEMS_MAX = 1_024
/** How long a repeated body is recognised. */
const DUPLICATES_KNOWN_MS = 7 * 24 * 60 * 60 * 1_000
