import { GatewayError } from '../model/errors.ts'
import { readAuthSchemes } from './auth-schemes.ts'
import { paddedBase64url, readBase64url } from './base64url.ts'
import { tokenBytes, tokenBytesMax, type Token } from './token.ts'

/** The value of `Authorization` that presents a token. RFC 9577 §2.2 */
export function writeTokenHeader(token: Token): string {
  return `PrivateToken token="${paddedBase64url(tokenBytes(token))}"`
}

/**
 * The octets of the token that an `Authorization` value presents, for `parseToken`; undefined where
 * the value is of another scheme. Unknown parameters are passed over. Throws `malformed-request`.
 * RFC 9577 §2.2
 */
export function readTokenHeader(header: string): Buffer | undefined {
  if (!/^[ \t]*PrivateToken(?:[ \t]|$)/i.test(header)) return undefined
  const [credentials, ...more] = readAuthSchemes(header)
  const bytes = readBase64url(credentials?.parameters.get('token') ?? '', tokenBytesMax)
  if (bytes === undefined || bytes.length === 0 || more.length > 0)
    throw new GatewayError('malformed-request')
  return bytes
}
