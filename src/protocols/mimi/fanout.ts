import type { RawRequest } from '../../model/adapter.ts'
import { GatewayError } from '../../model/errors.ts'
import type { FanoutItem, Frank, NotifyExchange } from '../../model/exchange.ts'
import { parseMimiUri } from '../../model/ids.ts'
import { encode } from '../../wire/codec.ts'
import { fanoutMessageCodec, type FanoutMessage } from '../../wire/mimi/fanout.ts'
import { frankCodec } from '../../wire/mimi/franking.ts'
import { framedMessageOf } from '../../wire/mls/header.ts'
import { Reader } from '../../wire/reader.ts'
import { exchangeBase, onWireError, timestampMs } from './decode.ts'
import { modelFrank, wireFrank } from './submit-message.ts'

/** FanoutMessages of one notify. */
export const fanoutCountMax = 1_024

/** Throws `malformed-body`, `invalid-uri`. draft-ietf-mimi-protocol-06 §5.5 */
export function parseNotify(request: RawRequest): NotifyExchange {
  return {
    ...exchangeBase(request),
    operation: 'notify',
    room: parseMimiUri(request.target, 'room'),
    items: readFanout(request.bytes),
  }
}

/** The FanoutMessages of a body: at least one, back to back. Throws `malformed-body`. */
export function readFanout(bytes: Buffer): readonly FanoutItem[] {
  return onWireError('malformed-body', () => {
    const reader = new Reader(bytes)
    const items: FanoutItem[] = []
    do {
      if (items.length === fanoutCountMax) reader.fail('limit-exceeded')
      const start = reader.position
      const fanout = fanoutMessageCodec.read(reader)
      items.push(fanoutItem(fanout, reader.since(start)))
    } while (reader.position < reader.end)
    return items
  })
}

export interface Stamp {
  readonly timestampMs: number
  /** Of application messages only; undefined leaves the message without one. */
  readonly frank: Frank | undefined
}

/**
 * The bytes of the FanoutMessage with the hub's time and frank; everything else stays, octet for
 * octet. Throws `internal` for a frank on anything but an application message.
 */
export function stampFanout(item: FanoutItem, { timestampMs: time, frank }: Stamp): Buffer {
  const timestamp = Buffer.allocUnsafe(TIMESTAMP_BYTES)
  timestamp.writeBigUInt64BE(BigInt(time))
  if (item.kind === 'application') {
    const tail = frank === undefined ? [NO_FRANK] : [A_FRANK, encode(frankCodec, wireFrank(frank))]
    return Buffer.concat([timestamp, item.message, ...tail])
  }
  if (frank !== undefined) throw new GatewayError('internal')
  return Buffer.concat([timestamp, item.bytes.subarray(TIMESTAMP_BYTES)])
}

function fanoutItem(fanout: FanoutMessage, bytes: Buffer): FanoutItem {
  const { header } = fanout.message
  return {
    bytes,
    kind: fanout.kind,
    timestampMs: timestampMs(fanout.timestamp, 'malformed-body'),
    message: fanout.message.bytes,
    welcomeRefs: header.kind === 'welcome' ? header.keyPackageRefs : [],
    frank:
      fanout.kind === 'application' && fanout.frank !== undefined
        ? modelFrank(fanout.frank)
        : undefined,
    frame: fanout.kind === 'application' ? framedMessageOf(fanout.message) : undefined,
  }
}

const TIMESTAMP_BYTES = 8
const NO_FRANK = Buffer.of(0)
const A_FRANK = Buffer.of(1)
