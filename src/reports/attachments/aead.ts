import { createDecipheriv, type DecipherChaCha20Poly1305, type DecipherGCM } from 'node:crypto'
import type { ExternalPart } from '../../wire/cbor/content-part.ts'

/**
 * What is sealed with the key of a message; undefined where it does not open, also for algorithms that are
 * not known here. Algorithm 0 is none: the octets as they are. RFC 5116 §5, draft-ietf-mimi-content-09 §4.5
 */
export function openAead(
  { encAlg, key, nonce, aad }: Pick<ExternalPart, 'encAlg' | 'key' | 'nonce' | 'aad'>,
  sealed: Buffer,
): Buffer | undefined {
  if (encAlg === NO_ENCRYPTION) return sealed
  const decipherOf = DECIPHERS.get(encAlg)
  const plaintextLength = sealed.length - TAG.authTagLength
  if (decipherOf === undefined || nonce.length !== NONCE_BYTES || plaintextLength < 0)
    return undefined
  try {
    const decipher = decipherOf(key, nonce)
    decipher.setAAD(aad, { plaintextLength })
    decipher.setAuthTag(sealed.subarray(plaintextLength))
    return Buffer.concat([decipher.update(sealed.subarray(0, plaintextLength)), decipher.final()])
  } catch {
    return undefined
  }
}

const NO_ENCRYPTION = 0
const NONCE_BYTES = 12
const TAG = { authTagLength: 16 }
type DecipherOf = (key: Buffer, nonce: Buffer) => DecipherGCM | DecipherChaCha20Poly1305
/** By their numbers at IANA. RFC 5116 §6, RFC 8439 */
const DECIPHERS: ReadonlyMap<number, DecipherOf> = new Map<number, DecipherOf>([
  [1, (key, nonce) => createDecipheriv('aes-128-gcm', key, nonce, TAG)],
  [2, (key, nonce) => createDecipheriv('aes-256-gcm', key, nonce, TAG)],
  [29, (key, nonce) => createDecipheriv('chacha20-poly1305', key, nonce, TAG)],
])
