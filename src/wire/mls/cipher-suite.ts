import type { Codec } from '../codec.ts'
import { uint16 } from '../codec.ts'

export type HashName = 'sha256' | 'sha384' | 'sha512'
export type SignatureScheme = 'ed25519' | 'ed448' | 'p256' | 'p384' | 'p521'

/** What a party without secrets needs of a cipher suite: its hash and its signatures. */
export interface CipherSuite {
  readonly code: number
  readonly hash: HashName
  readonly hashBytes: number
  readonly signature: SignatureScheme
}

const suites: readonly CipherSuite[] = [
  { code: 1, hash: 'sha256', hashBytes: 32, signature: 'ed25519' },
  { code: 2, hash: 'sha256', hashBytes: 32, signature: 'p256' },
  { code: 3, hash: 'sha256', hashBytes: 32, signature: 'ed25519' },
  { code: 4, hash: 'sha512', hashBytes: 64, signature: 'ed448' },
  { code: 5, hash: 'sha512', hashBytes: 64, signature: 'p521' },
  { code: 6, hash: 'sha512', hashBytes: 64, signature: 'ed448' },
  { code: 7, hash: 'sha384', hashBytes: 48, signature: 'p384' },
]

/** The suite with this code, of those registered in RFC 9420 §17.1, or undefined. */
export function cipherSuite(code: number): CipherSuite | undefined {
  return suites[code - 1]
}

/** `ProtocolVersion`: only mls10 (1); anything else is `unsupported-version`. RFC 9420 §6 */
export const protocolVersionCodec: Codec<1> = {
  read: (reader) => (reader.uint16() === 1 ? 1 : reader.fail('unsupported-version')),
  write: (writer) => uint16.write(writer, 1),
}
