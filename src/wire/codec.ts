import type { WireErrorCode } from './errors.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

/**
 * One type of the TLS presentation language (RFC 8446 §3 with the vectors of RFC 9420 §2.1.2).
 * `read` throws only `WireError`. Every codec is strict, so it is a bijection between the values
 * and the bytes that it accepts: what it decoded, it encodes back to the same bytes.
 */
export interface Codec<T> {
  readonly read: (reader: Reader) => T
  readonly write: (writer: Writer, value: T) => void
}

/** Any codec, whatever its type: the bound of the combinators that take several. */
export interface AnyCodec {
  readonly read: (reader: Reader) => unknown
  readonly write: (writer: Writer, value: never) => void
}

export type Decoded<C> = C extends Codec<infer T> ? T : never

/** Decodes all of `bytes`; left-over bytes are an error. */
export function decode<T>(codec: Pick<Codec<T>, 'read'>, bytes: Uint8Array): T {
  const reader = new Reader(bytes)
  const value = codec.read(reader)
  reader.finish()
  return value
}

export function encode<T>(codec: Codec<T>, value: NoInfer<T>): Buffer {
  const writer = new Writer()
  codec.write(writer, value)
  return writer.take()
}

export const uint8: Codec<number> = {
  read: (reader) => reader.uint8(),
  write: (writer, value) => writer.uint8(value),
}

export const uint16: Codec<number> = {
  read: (reader) => reader.uint16(),
  write: (writer, value) => writer.uint16(value),
}

export const uint32: Codec<number> = {
  read: (reader) => reader.uint32(),
  write: (writer, value) => writer.uint32(value),
}

export const uint64: Codec<bigint> = {
  read: (reader) => reader.uint64(),
  write: (writer, value) => writer.uint64(value),
}

/** `bool`: an octet that is 0 or 1; anything else is `invalid-value`. */
export const bool: Codec<boolean> = {
  read: (reader) => {
    const value = reader.uint8()
    if (value > 1) reader.fail('invalid-value')
    return value === 1
  },
  write: (writer, value) => writer.uint8(value ? 1 : 0),
}

/** `opaque x[n]`, a view of the input. */
export function fixed(length: number): Codec<Buffer> {
  return {
    read: (reader) => reader.fixed(length),
    write: (writer, value) => {
      if (value.length !== length) throw new RangeError(`expected ${length} bytes`)
      writer.fixed(value)
    },
  }
}

/** `opaque x<V>` of at most `bytesMax` bytes, a view of the input. */
export function opaque(bytesMax: number): Codec<Buffer> {
  return {
    read: (reader) => reader.opaque(bytesMax),
    write: (writer, value) => writer.opaque(value),
  }
}

/** `opaque x<V>` that holds UTF-8 (RFC 3629), of at most `bytesMax` bytes. */
export function text(bytesMax: number): Codec<string> {
  return {
    read: (reader) => {
      const bytes = reader.opaque(bytesMax)
      const value = bytes.toString('utf8')
      if (Buffer.byteLength(value) !== bytes.length || !Buffer.from(value).equals(bytes))
        reader.fail('invalid-utf8')
      return value
    },
    write: (writer, value) => writer.opaque(Buffer.from(value)),
  }
}

/** `T x<V>` of at most `countMax` elements and `bytesMax` bytes. */
export function vector<T>(
  element: Codec<T>,
  { countMax, bytesMax = countMax * 65_536 }: { countMax: number; bytesMax?: number },
): Codec<readonly T[]> {
  return {
    read: (reader) => readVector(reader, element, { countMax, bytesMax }),
    write: (writer, values) =>
      writer.vector(() => {
        for (const value of values) element.write(writer, value)
      }),
  }
}

function readVector<T>(
  reader: Reader,
  element: Codec<T>,
  { countMax, bytesMax }: { countMax: number; bytesMax: number },
): readonly T[] {
  const length = reader.length(bytesMax)
  const outerEnd = reader.end
  reader.end = reader.position + length
  const values: T[] = []
  while (reader.position < reader.end) {
    if (values.length === countMax) reader.fail('limit-exceeded')
    values.push(element.read(reader))
  }
  reader.end = outerEnd
  return values
}

/** `optional<T>`: a presence octet that is 0 or 1, then T. */
export function optional<T>(codec: Codec<T>): Codec<T | undefined> {
  return {
    read: (reader) => {
      const presence = reader.uint8()
      if (presence > 1) reader.fail('invalid-presence')
      return presence === 1 ? codec.read(reader) : undefined
    },
    write: (writer, value) => {
      writer.uint8(value === undefined ? 0 : 1)
      if (value !== undefined) codec.write(writer, value)
    },
  }
}

/** `struct`: the fields in their order, no bytes of its own. */
export function struct<Fields extends Record<string, AnyCodec>>(
  fields: Fields,
): Codec<{ readonly [Name in keyof Fields]: Decoded<Fields[Name]> }> {
  const entries = Object.entries(fields) as [string, Codec<unknown>][]
  type Value = { readonly [Name in keyof Fields]: Decoded<Fields[Name]> }
  return {
    read: (reader) => {
      const value: Record<string, unknown> = {}
      for (const [name, codec] of entries) value[name] = codec.read(reader)
      return value as Value
    },
    write: (writer, value) => {
      for (const [name, codec] of entries) codec.write(writer, value[name])
    },
  }
}

/** A closed `enum`; a value that is not listed is refused with the code `unknown`. */
export function enumeration<const Values extends Record<string, number>>(
  values: Values,
  width: Codec<number> = uint8,
  unknown: WireErrorCode = 'invalid-value',
): Codec<keyof Values & string> {
  const names = new Map(Object.entries(values).map(([name, value]) => [value, name]))
  return {
    read: (reader) => names.get(width.read(reader)) ?? reader.fail(unknown),
    write: (writer, name) => width.write(writer, values[name] as number),
  }
}

/** A codec for what `select` leaves empty. */
export const nothing: Codec<Record<never, never>> = { read: () => ({}), write: () => {} }

/**
 * `select (tag)`: the tag, then the fields of its case, side by side: `{ kind: 'success', ...fields }`.
 */
export function select<Cases extends Record<string, AnyCodec>>(
  tag: Codec<keyof Cases & string>,
  cases: Cases,
): Codec<
  { [Kind in keyof Cases & string]: { readonly kind: Kind } & Decoded<Cases[Kind]> }[keyof Cases &
    string]
> {
  type Value = {
    [Kind in keyof Cases & string]: { readonly kind: Kind } & Decoded<Cases[Kind]>
  }[keyof Cases & string]
  return {
    read: (reader) => {
      const kind = tag.read(reader)
      const body = cases[kind] as Codec<object>
      return { kind, ...body.read(reader) } as Value
    },
    write: (writer, value) => {
      tag.write(writer, value.kind)
      const body = cases[value.kind] as Codec<object>
      body.write(writer, value)
    },
  }
}

/** What `variant` has beside the fields of its cases, in the order of the wire. */
export interface VariantFields {
  /** Before the tag. */
  readonly before?: Record<string, AnyCodec>
  /** Between the tag and the fields of its case. */
  readonly between?: Record<string, AnyCodec>
  /** After the fields of its case. */
  readonly after?: Record<string, AnyCodec>
}

type FieldsOf<F> =
  F extends Record<string, AnyCodec>
    ? { readonly [Name in keyof F]: Decoded<F[Name]> }
    : Record<never, never>

type Flat<T> = { [Name in keyof T]: T[Name] }

/** The values of `variant`: one union member for each case, told apart by the tag field. */
export type Variant<
  Tag extends string,
  Cases extends Record<string, Record<string, AnyCodec>>,
  Rest extends VariantFields,
> = {
  [Kind in keyof Cases & string]: Flat<
    { readonly [Name in Tag]: Kind } & FieldsOf<Cases[Kind]> &
      FieldsOf<Rest['before']> &
      FieldsOf<Rest['between']> &
      FieldsOf<Rest['after']>
  >
}[keyof Cases & string]

/**
 * `struct` with a tag field that need not stand right before its `select`. The tag keeps its own
 * name: `{ statusCode: 'accepted', acceptedTimestamp, … }`. `cases` lists every value of the tag.
 */
export function variant<
  const Tag extends string,
  Cases extends Record<string, Record<string, AnyCodec>>,
  const Rest extends VariantFields = Record<never, never>,
>(
  [name, tag]: readonly [Tag, Codec<keyof Cases & string>],
  cases: Cases,
  rest?: Rest,
): Codec<Variant<Tag, Cases, Rest>> {
  // The values have just been read by these codecs or are typed by them.
  const entries = (fields: Record<string, AnyCodec> = {}) =>
    Object.entries(fields as Record<string, Codec<unknown>>)
  const before = entries(rest?.before)
  const between = entries(rest?.between)
  const after = entries(rest?.after)
  const behindTag = new Map(
    Object.entries(cases).map(([kind, fields]) => [
      kind,
      [...between, ...entries(fields), ...after],
    ]),
  )
  return {
    read: (reader) => {
      const value: Record<string, unknown> = {}
      for (const [field, codec] of before) value[field] = codec.read(reader)
      const kind = tag.read(reader)
      value[name] = kind
      for (const [field, codec] of behindTag.get(kind) ?? []) value[field] = codec.read(reader)
      return value as Variant<Tag, Cases, Rest>
    },
    write: (writer, value) => {
      const fields = value as Record<string, unknown>
      const kind = fields[name] as keyof Cases & string
      for (const [field, codec] of before) codec.write(writer, fields[field])
      tag.write(writer, kind)
      for (const [field, codec] of behindTag.get(kind) ?? []) codec.write(writer, fields[field])
    },
  }
}

/** Decodes T and keeps the exact bytes that it stood in, as a view. Writes the bytes back unchanged. */
export function spanned<T>(codec: Codec<T>): Codec<{ readonly value: T; readonly bytes: Buffer }> {
  return {
    read: (reader) => {
      const start = reader.position
      const value = codec.read(reader)
      return { value, bytes: reader.since(start) }
    },
    write: (writer, { bytes }) => writer.fixed(bytes),
  }
}
