import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { ownBytes } from './own-bytes.ts'

/** Octets of the SubjectPublicKeyInfo of a pseudonym's key: P-256, uncompressed point. RFC 5480 §2 */
export const pseudonymKeyBytes = 91

/** Octets of a pseudonym's id: the first of its spend key. */
export const pseudonymIdBytes = 16

/** The key pair of one pseudonym: of a client in one room and epoch. */
export interface PseudonymKeyPair {
  readonly privateKey: KeyObject
  /** SubjectPublicKeyInfo, 91 octets. */
  readonly publicKey: Buffer
}

export function generatePseudonymKey(): PseudonymKeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { privateKey, publicKey: ownBytes(publicKey.export({ format: 'der', type: 'spki' })) }
}

/**
 * The key of a pseudonym, to be kept with it: to read a key costs as much as to verify with it.
 * Undefined for octets that are not the SubjectPublicKeyInfo of a point of P-256, uncompressed.
 */
export function readPseudonymKey(publicKey: Uint8Array): KeyObject | undefined {
  const key = Buffer.from(publicKey)
  if (key.length !== pseudonymKeyBytes || !key.subarray(0, P256_PREFIX.length).equals(P256_PREFIX))
    return undefined
  try {
    return createPublicKey({ key, format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}

/**
 * The nonce that makes a token the certificate of this key, 32 octets; to the issuer it is blinded, to
 * everybody else it looks random. It is the token's spend key too.
 */
export function pseudonymNonce(publicKey: Uint8Array): Buffer {
  return createHash('sha256').update('postern-pk-v1').update(publicKey).digest()
}

/** The id of the pseudonym with this nonce. */
export function pseudonymIdOf(nonce: Uint8Array): Buffer {
  return ownBytes(nonce.subarray(0, pseudonymIdBytes))
}

const P256_PREFIX = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex')
