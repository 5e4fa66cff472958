import { GatewayError, type ErrorCode } from '../model/errors.ts'
import { decode, type Codec } from '../wire/codec.ts'
import { WireError } from '../wire/errors.ts'

/** A refusal with the rule that was broken, as one of our own words. */
export function refusal(code: ErrorCode, reason: string, cause?: unknown): GatewayError {
  return new GatewayError(code, { facts: { reason }, cause })
}

/** Decodes, or refuses with `code` and the codec's own code as reason. */
export function decodeOr<T>(code: ErrorCode, codec: Codec<T>, bytes: Buffer): T {
  try {
    return decode(codec, bytes)
  } catch (cause) {
    if (cause instanceof WireError) throw refusal(code, cause.code, cause)
    throw cause
  }
}
