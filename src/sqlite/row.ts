import { GatewayError } from '../model/errors.ts'

/** What SQLite stores and gives back. A number that is no safe integer comes back as an error: store it as text or bytes. */
export type StoreValue = null | number | bigint | string | Uint8Array

/** One row of an answer, by column name. Read it with `textColumn`, `numberColumn`, `blobColumn`. */
export type Row = Readonly<Record<string, StoreValue>>

/** Throws `internal` where the column holds no text: then a query and its reader disagree. */
export function textColumn(row: Row, name: string): string {
  const value = row[name]
  if (typeof value !== 'string') throw mismatch(name)
  return value
}

/** Throws `internal` where the column holds no number. */
export function numberColumn(row: Row, name: string): number {
  const value = row[name]
  if (typeof value !== 'number') throw mismatch(name)
  return value
}

/** The bytes of a BLOB column, as a view. Throws `internal` where it holds none. */
export function blobColumn(row: Row, name: string): Buffer {
  const value = row[name]
  if (!(value instanceof Uint8Array)) throw mismatch(name)
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}

function mismatch(name: string): GatewayError {
  return new GatewayError('internal', { facts: { column: name } })
}
