import { GatewayError } from '../model/errors.ts'
import { readAuthSchemes } from './auth-schemes.ts'
import { paddedBase64url, readBase64url } from './base64url.ts'
import { tokenBytes, type Token } from './token.ts'

/** The value of `Authorization` that presents a token. RFC 9577 §2.2 */
export function writeTokenHeader(token: Token): string {
  return presentationHeader(tokenBytes(token))
}

/** The same for the octets of a token, or of another type's presentation. */
export function presentationHeader(token: Uint8Array): string {
  return `PrivateToken token="${paddedBase64url(token)}"`
}

/**
 * The octets of the token that an `Authorization` value presents, at most 2,048; undefined where the
 * value is of another scheme. Unknown parameters are passed over. Throws `malformed-request`.
 * RFC 9577 §2.2
 */
export function readTokenHeader(header: string): Buffer | undefined {
  if (!/^[ \t]*PrivateToken(?:[ \t]|$)/i.test(header)) return undefined
  const [credentials, ...more] = readAuthSchemes(header)
  const bytes = readBase64url(credentials?.parameters.get('token') ?? '', PRESENTED_BYTES_MAX)
  if (bytes === undefined || bytes.length === 0 || more.length > 0)
    throw new GatewayError('malformed-request')
  return bytes
}

/** A presentation of type 0xE5AC with the highest limit has 1,717. */
const PRESENTED_BYTES_MAX = 2_048
