import { randomBytes, type KeyObject } from 'node:crypto'
import { GatewayError } from '../model/errors.ts'
import { CryptoError } from '../mls-crypto/errors.ts'
import { decryptWithLabel, encryptWithLabel, hpkeOpen, hpkeSeal } from '../mls-crypto/hpke.ts'
import { mlsSuite } from '../mls-crypto/suite.ts'
import type { SealingLabel } from '../wire/mimi/report-extension.ts'

/** Bytes that only the holder of a report-sealing key can open. */
export interface SealedEvidence {
  /** The id of the key that opens them. */
  readonly keyId: string
  readonly encapsulation: Buffer
  readonly ciphertext: Buffer
}

/** An X25519 key as it crosses into another process: its 32 octets. */
export interface RawKey {
  readonly id: string
  readonly bytes: Buffer
}

/** HPKE in base mode, bound to the report's id. RFC 9180 §6.1 */
export function sealEvidence(key: RawKey, reportId: string, plaintext: Buffer): SealedEvidence {
  const { kemOutput, ciphertext } = hpkeSeal(
    SUITE,
    { publicKey: key.bytes, plaintext, info: INFO, aad: Buffer.from(reportId) },
    randomBytes,
  )
  return { keyId: key.id, encapsulation: kemOutput, ciphertext }
}

/** Throws `key-unavailable` where this key does not open it. RFC 9180 §6.1 */
export function openEvidence(
  key: Pick<RawKey, 'bytes'>,
  reportId: string,
  { encapsulation: kemOutput, ciphertext }: SealedEvidence,
): Buffer {
  const under = { info: INFO, aad: Buffer.from(reportId) }
  try {
    return hpkeOpen(SUITE, key.bytes, { kemOutput, ciphertext, ...under })
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error
    throw new GatewayError('key-unavailable', { facts: { reason: 'does-not-open' } })
  }
}

/** What both sides of `EncryptWithLabel` must agree on. */
export interface SealedUnder {
  readonly label: SealingLabel
  readonly context: Buffer
}

/** What somebody sealed for us, and under which label. */
export interface SealedForHub extends SealedUnder {
  readonly kemOutput: Buffer
  readonly ciphertext: Buffer
}

/** `EncryptWithLabel` to a public key. RFC 9420 §5.1.3 */
export function sealWithLabel(
  { bytes: publicKey }: RawKey,
  under: SealedUnder,
  plaintext: Buffer,
): Pick<SealedForHub, 'kemOutput' | 'ciphertext'> {
  return encryptWithLabel(SUITE, { publicKey, plaintext, ...under }, randomBytes)
}

/** `DecryptWithLabel`; undefined where this key does not open it. RFC 9420 §5.1.3 */
export function openSealedForHub(key: RawKey, sealed: SealedForHub): Buffer | undefined {
  try {
    return decryptWithLabel(SUITE, key.bytes, sealed)
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error
    return undefined
  }
}

/** The 32 octets of an X25519 key, which end both of its DER forms. RFC 8410 */
export function rawKey(key: KeyObject): Buffer {
  const der =
    key.type === 'private'
      ? key.export({ format: 'der', type: 'pkcs8' })
      : key.export({ format: 'der', type: 'spki' })
  return der.subarray(-32)
}

/** DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM. */
const SUITE = mlsSuite(1)
const INFO = Buffer.from('Postern report evidence 1')
