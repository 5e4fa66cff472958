import {
  array,
  bigInt,
  constant,
  constantFrom,
  integer,
  option,
  record as fcRecord,
  string,
  stringMatching,
  tuple,
  type Arbitrary,
  uint8Array,
} from 'fast-check'
import { encode, type Codec } from '../../../src/wire/codec.ts'

export const uint16 = integer({ min: 0, max: 0xffff })
export const uint32 = integer({ min: 0, max: 0xffff_ffff })
export const uint64 = bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn })

export function bytes(maxLength = 40): Arbitrary<Buffer> {
  return uint8Array({ maxLength }).map((octets) => Buffer.from(octets))
}

export function exactBytes(length: number): Arbitrary<Buffer> {
  return uint8Array({ minLength: length, maxLength: length }).map((octets) => Buffer.from(octets))
}

/** Text with every kind of Unicode scalar value. */
export function text(maxLength = 30): Arbitrary<string> {
  return string({ maxLength, unit: 'binary' })
}

export function list<T>(element: Arbitrary<T>, maxLength = 4): Arbitrary<T[]> {
  return array(element, { maxLength })
}

export function optional<T>(element: Arbitrary<T>): Arbitrary<T | undefined> {
  return option(element, { nil: undefined })
}

/** A struct: plain objects with all of their fields. */
export function record<T extends object>(fields: {
  [K in keyof T]: Arbitrary<T[K]>
}): Arbitrary<T> {
  return fcRecord(fields, { noNullPrototype: true }) as Arbitrary<T>
}

/** One name, as a literal type. */
export function tag<const Name extends string>(name: Name): Arbitrary<Name> {
  return constant(name)
}

/** One of the names of an enum. */
export function oneOf<const T extends readonly string[]>(...names: T): Arbitrary<T[number]> {
  return constantFrom(...names)
}

/** What `spanned` decodes. */
export function spanned<T>(codec: Codec<T>, value: Arbitrary<T>) {
  return value.map((v) => ({ value: v, bytes: encode(codec, v) }))
}

const domain = constantFrom('a.example', 'b.example', 'hub.example')
const id = stringMatching(/^[A-Za-z0-9._~-]{1,20}$/)

export const userUri = tuple(domain, id).map(([host, name]) => `mimi://${host}/u/${name}`)
export const roomUri = tuple(domain, id).map(([host, name]) => `mimi://${host}/r/${name}`)
