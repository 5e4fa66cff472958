import { createCipheriv, createDecipheriv } from 'node:crypto'
import { CryptoError } from './errors.ts'
import type { MlsSuite } from './suite.ts'

export interface AeadKey {
  readonly key: Buffer
  readonly nonce: Buffer
}

/** The ciphertext with its tag at the end, RFC 5116. */
export function aeadSeal(
  suite: MlsSuite,
  { key, nonce }: AeadKey,
  { plaintext, aad }: { plaintext: Uint8Array; aad: Uint8Array },
): Buffer {
  const cipher = createCipheriv(suite.aead as 'aes-128-gcm', key, nonce, {
    authTagLength: TAG_BYTES,
  })
  cipher.setAAD(aad)
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

/** Throws `decryption-failed`. */
export function aeadOpen(
  suite: MlsSuite,
  { key, nonce }: AeadKey,
  { ciphertext, aad }: { ciphertext: Uint8Array; aad: Uint8Array },
): Buffer {
  const bodyBytes = ciphertext.length - TAG_BYTES
  if (bodyBytes < 0) throw new CryptoError('decryption-failed')
  const decipher = createDecipheriv(suite.aead as 'aes-128-gcm', key, nonce, {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(aad)
  decipher.setAuthTag(ciphertext.subarray(bodyBytes))
  try {
    return Buffer.concat([decipher.update(ciphertext.subarray(0, bodyBytes)), decipher.final()])
  } catch (cause) {
    throw new CryptoError('decryption-failed', { cause })
  }
}

const TAG_BYTES = 16
