import { cipherSuite, type CipherSuite } from '../wire/mls/cipher-suite.ts'
import { CryptoError } from './errors.ts'

/** A cipher suite with the parts that only holders of secrets use; numbers are those of RFC 9180 §7. */
export interface MlsSuite extends CipherSuite {
  readonly kem: KemName
  readonly kdfCode: number
  readonly aead: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305'
  readonly aeadCode: number
  readonly aeadKeyBytes: number
}

export type KemName = 'x25519' | 'x448' | 'p256' | 'p384' | 'p521'

export const AEAD_NONCE_BYTES = 12

/** The suites 1 to 7 of RFC 9420 §17.1. Throws `unsupported-suite`. */
export function mlsSuite(code: number): MlsSuite {
  const suite = suites.get(code)
  if (suite === undefined) throw new CryptoError('unsupported-suite')
  return suite
}

const aes128 = { aead: 'aes-128-gcm', aeadCode: 1, aeadKeyBytes: 16 } as const
const aes256 = { aead: 'aes-256-gcm', aeadCode: 2, aeadKeyBytes: 32 } as const
const chacha = { aead: 'chacha20-poly1305', aeadCode: 3, aeadKeyBytes: 32 } as const
const kdfCodes = { sha256: 1, sha384: 2, sha512: 3 } as const

const suites = new Map<number, MlsSuite>(
  [
    { code: 1, kem: 'x25519' as const, ...aes128 },
    { code: 2, kem: 'p256' as const, ...aes128 },
    { code: 3, kem: 'x25519' as const, ...chacha },
    { code: 4, kem: 'x448' as const, ...aes256 },
    { code: 5, kem: 'p521' as const, ...aes256 },
    { code: 6, kem: 'x448' as const, ...chacha },
    { code: 7, kem: 'p384' as const, ...aes256 },
  ].flatMap((part) => {
    const suite = cipherSuite(part.code)
    if (suite === undefined) return []
    return [[part.code, { ...suite, ...part, kdfCode: kdfCodes[suite.hash] }]]
  }),
)
