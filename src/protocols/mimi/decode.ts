import type { RawRequest, RawResponse } from '../../model/adapter.ts'
import { GatewayError } from '../../model/errors.ts'
import { decode, type Codec } from '../../wire/codec.ts'
import { WireError } from '../../wire/errors.ts'

/** The body of a request. Throws `malformed-body` with the wire code and the offset. */
export function decodeBody<T>(codec: Codec<T>, request: RawRequest): T {
  return onWireError('malformed-body', () => decode(codec, request.bytes))
}

/** The body of an answer. Throws `upstream-invalid`. */
export function decodeAnswer<T>(codec: Codec<T>, response: RawResponse): T {
  if (response.status < 200 || response.status > 299)
    throw new GatewayError('upstream-invalid', { facts: { status: response.status } })
  return onWireError('upstream-invalid', () => decode(codec, response.bytes))
}

/** Runs `read` and gives its `WireError`s this code. */
export function onWireError<T>(code: 'malformed-body' | 'upstream-invalid', read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    throw new GatewayError(code, { facts: { wire: error.code, at: error.at }, cause: error })
  }
}

/** What every exchange has of its request. */
export function exchangeBase({ direction, origin, bytes }: RawRequest) {
  return { protocol: 'mimi', direction, origin, bytes } as const
}

/** A time on the wire as milliseconds. Throws `code` beyond the year 287396. */
export function timestampMs(
  timestamp: bigint,
  code: 'malformed-body' | 'upstream-invalid' = 'upstream-invalid',
): number {
  const value = Number(timestamp)
  if (!Number.isSafeInteger(value)) throw new GatewayError(code)
  return value
}
