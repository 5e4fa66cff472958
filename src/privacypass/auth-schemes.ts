import { GatewayError } from '../model/errors.ts'

/** One challenge or one set of credentials. Names are in lower case, values without their quotes. */
export interface AuthScheme {
  readonly scheme: string
  readonly parameters: ReadonlyMap<string, string>
}

/**
 * Reads the value of `WWW-Authenticate`, `Authorization` or a list of them: at most 16,384 characters,
 * 16 schemes, 16 parameters each, none twice. Values may be quoted or not; unquoted ones may end with
 * padding, as token origins write it. A token68 is skipped. Throws `malformed-request`. RFC 9110 §11
 */
export function readAuthSchemes(header: string): readonly AuthScheme[] {
  if (header.length > HEADER_CHARACTERS_MAX) throw new GatewayError('malformed-request')
  const cursor = new Cursor(header)
  const schemes: { scheme: string; parameters: Map<string, string> }[] = []
  cursor.take(LEADING)
  while (!cursor.atEnd()) {
    const current = schemes.at(-1)
    const parameter = cursor.take(PARAMETER)
    if (parameter !== undefined) {
      addParameter(current?.parameters, parameter)
    } else {
      const [, scheme = ''] = cursor.take(SCHEME) ?? cursor.fail()
      const parameters = new Map<string, string>()
      schemes.push({ scheme: scheme.toLowerCase(), parameters })
      if (schemes.length > SCHEMES_MAX) cursor.fail()
      const first = cursor.take(PARAMETER)
      if (first === undefined) cursor.take(TOKEN68)
      else addParameter(parameters, first)
    }
    if (cursor.take(SEPARATOR) === undefined) cursor.fail()
  }
  return schemes
}

function addParameter(
  parameters: Map<string, string> | undefined,
  [, name = '', quoted, unquoted = '']: readonly (string | undefined)[],
): void {
  const key = name.toLowerCase()
  if (parameters === undefined || parameters.has(key) || parameters.size === PARAMETERS_MAX)
    throw new GatewayError('malformed-request')
  parameters.set(key, quoted?.replaceAll(/\\(.)/g, '$1') ?? unquoted)
}

class Cursor {
  private readonly text: string
  private position = 0

  constructor(text: string) {
    this.text = text
  }

  atEnd(): boolean {
    return this.position === this.text.length
  }

  /** What `pattern`, which is sticky, matches here; moves behind it. */
  take(pattern: RegExp): readonly (string | undefined)[] | undefined {
    pattern.lastIndex = this.position
    const match = pattern.exec(this.text)
    if (match === null) return undefined
    this.position = pattern.lastIndex
    return match
  }

  fail(): never {
    throw new GatewayError('malformed-request')
  }
}

const TOKEN = String.raw`[!#$%&'*+.^_\`|~0-9A-Za-z-]+`
const QUOTED = String.raw`"((?:[\t \x21\x23-\x5b\x5d-\x7e]|\\[\t\x20-\x7e])*)"`
const UNQUOTED = String.raw`([!#$%&'*+./^_\`|~0-9A-Za-z-]+=*)`
const LEADING = /[ \t,]*/y
const PARAMETER = new RegExp(String.raw`(${TOKEN})[ \t]*=[ \t]*(?:${QUOTED}|${UNQUOTED})`, 'y')
const SCHEME = new RegExp(String.raw`(${TOKEN})(?: +|(?=[ \t]*(?:,|$)))`, 'y')
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*/y
const SEPARATOR = /[ \t]*(?:,[ \t,]*|$)/y
const HEADER_CHARACTERS_MAX = 16_384
const SCHEMES_MAX = 16
const PARAMETERS_MAX = 16
