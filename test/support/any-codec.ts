import type { AnyCodec, Codec } from '../../src/wire/codec.ts'

/** A codec of any type as one that a table of codecs can hold. */
export function anyCodec(codec: AnyCodec): Codec<unknown> {
  return codec as Codec<unknown>
}
