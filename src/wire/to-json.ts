/** What a decoded struct becomes in JSON. */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

export interface JsonOptions {
  /**
   * Shows what people wrote and what is secret too: message content, notes, search and profile
   * values, joining codes, wrapper keys, tokens. Without it only their length is shown.
   */
  readonly reveal: boolean
}

/**
 * A decoded struct for people: bytes as hex, uint64 as decimal strings, absent options as null, and
 * no view of bytes beside what was decoded from them.
 */
export function toJson(value: unknown, options: JsonOptions = { reveal: false }): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'number':
      return value
    case 'bigint':
      return value.toString()
    case 'undefined':
      return null
    case 'object':
      return value === null ? null : objectToJson(value, options)
    case 'function':
    case 'symbol':
      throw new TypeError('a decoded struct holds data only')
  }
}

function objectToJson(value: object, options: JsonOptions): Json {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return value.map((item: unknown) => toJson(item, options))
  const fields = Object.entries(value)
  // A span, `{ value, bytes }`: the bytes say the same again.
  if (fields.length === 2 && 'value' in value && 'bytes' in value)
    return toJson(value.value, options)
  return Object.fromEntries(
    fields.map(([name, field]: [string, unknown]) => [
      name,
      withheld.has(name) && !options.reveal ? lengthOnly(field) : toJson(field, options),
    ]),
  )
}

function lengthOnly(value: unknown): Json {
  const size =
    typeof value === 'string'
      ? Buffer.byteLength(value)
      : value instanceof Uint8Array
        ? value.length
        : undefined
  return size === undefined ? null : { withheldBytes: size }
}

const withheld: ReadonlySet<string> = new Set([
  'applicationData',
  'authenticator',
  'descriptionContent',
  'errorDescription',
  'fieldValue',
  'identityLinkWrapperKey',
  'innerApplicationContent',
  'joiningCode',
  'messageContent',
  'note',
  'roomMood',
  'roomName',
  'roomSubject',
  'searchValue',
  'token',
])
