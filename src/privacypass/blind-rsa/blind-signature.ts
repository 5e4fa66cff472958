import {
  constants,
  privateDecrypt,
  publicEncrypt,
  verify,
  type KeyLike,
  type KeyObject,
} from 'node:crypto'
import { GatewayError } from '../../model/errors.ts'
import type { Randomness } from '../../model/clock.ts'
import { encodePss } from './pss-encoding.ts'

/** The public half of an RSA key with what blinding needs. The KeyObject is of type `rsa`. */
export interface RsaPublicKey {
  readonly key: KeyObject
  readonly modulus: bigint
  readonly modulusBytes: number
}

/** A blinded message, and what takes the blinding off again. The inverse is secret. */
export interface BlindedMessage {
  readonly blindedMessage: Buffer
  readonly inverse: bigint
}

/** Throws `key-unavailable` for a key that is not RSA. */
export function rsaPublicKey(key: KeyObject): RsaPublicKey {
  const { n } = key.asymmetricKeyType === 'rsa' ? key.export({ format: 'jwk' }) : {}
  if (n === undefined) throw new GatewayError('key-unavailable')
  const bytes = Buffer.from(n, 'base64url')
  return { key, modulus: toInteger(bytes), modulusBytes: bytes.length }
}

/** A blind, uniform from 1 to below the modulus. RFC 9474 §4.2 */
export function randomBlind(publicKey: RsaPublicKey, randomness: Randomness): bigint {
  for (let tries = 0; tries < BLIND_TRIES_MAX; tries++) {
    const blind = toInteger(randomness(publicKey.modulusBytes))
    if (blind > 0n && blind < publicKey.modulus) return blind
  }
  throw new GatewayError('internal')
}

/**
 * `Blind` of RSABSSA-SHA384 on a prepared message: 48 octets of salt for PSS, none for PSSZERO.
 * Undefined in the case, never seen, that the blind or the message shares a factor with the modulus.
 * RFC 9474 §4.2
 */
export function blindMessage(
  publicKey: RsaPublicKey,
  { message, salt, blind }: { message: Uint8Array; salt: Uint8Array; blind: bigint },
): BlindedMessage | undefined {
  const { modulus, modulusBytes } = publicKey
  const encoded = toInteger(encodePss(message, salt, bitLength(modulus)))
  const inverse = invert(blind, modulus)
  if (inverse === undefined || invert(encoded, modulus) === undefined) return undefined
  const raised = toInteger(applyPublic(publicKey.key, toOctets(blind, modulusBytes)))
  return { blindedMessage: toOctets((encoded * raised) % modulus, modulusBytes), inverse }
}

/**
 * `BlindSign`: undefined for a blinded message that is not an integer below the modulus. Throws
 * `key-unavailable` where the key does not invert its own signature, which would give it away.
 * RFC 9474 §4.3
 */
export function blindSign(privateKey: KeyObject, publicKey: RsaPublicKey, blinded: Buffer) {
  if (blinded.length !== publicKey.modulusBytes || toInteger(blinded) >= publicKey.modulus)
    return undefined
  const signature = applyPrivate(privateKey, blinded)
  if (!inverts(publicKey, signature, blinded)) throw new GatewayError('key-unavailable')
  return signature
}

/** `Finalize`: undefined where the signer's answer gives no valid signature. RFC 9474 §4.4 */
export function unblindSignature(
  publicKey: RsaPublicKey,
  { message, inverse, blindSignature, saltBytes }: Unblinding,
): Buffer | undefined {
  const { modulus, modulusBytes } = publicKey
  if (blindSignature.length !== modulusBytes) return undefined
  const signature = toOctets((toInteger(blindSignature) * inverse) % modulus, modulusBytes)
  const isValid = verifyPss(publicKey.key, { message, signature, saltBytes })
  return isValid ? signature : undefined
}

interface Unblinding {
  readonly message: Uint8Array
  readonly inverse: bigint
  readonly blindSignature: Uint8Array
  readonly saltBytes: number
}

/** RSASSA-PSS-VERIFY with SHA-384 and MGF1 of it. RFC 8017 §8.1.2 */
function verifyPss(key: KeyObject, { message, signature, saltBytes }: PssSignature): boolean {
  const padding = constants.RSA_PKCS1_PSS_PADDING
  return verify('sha384', message, { key, padding, saltLength: saltBytes }, signature)
}

interface PssSignature {
  readonly message: Uint8Array
  readonly signature: Uint8Array
  readonly saltBytes: number
}

function inverts({ key, modulus }: RsaPublicKey, signature: Buffer, blinded: Buffer): boolean {
  return toInteger(signature) < modulus && applyPublic(key, signature).equals(blinded)
}

function applyPublic(key: KeyLike, octets: Buffer): Buffer {
  return publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, octets)
}

function applyPrivate(key: KeyLike, octets: Buffer): Buffer {
  try {
    return privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, octets)
  } catch (cause) {
    throw new GatewayError('key-unavailable', { cause })
  }
}

/** The inverse modulo `modulus` by Euclid's algorithm; undefined where there is none. */
function invert(value: bigint, modulus: bigint): bigint | undefined {
  let [remainder, next] = [modulus, value % modulus]
  let [coefficient, nextCoefficient] = [0n, 1n]
  while (next !== 0n) {
    const quotient = remainder / next
    ;[remainder, next] = [next, remainder - quotient * next]
    ;[coefficient, nextCoefficient] = [nextCoefficient, coefficient - quotient * nextCoefficient]
  }
  if (remainder !== 1n) return undefined
  return coefficient < 0n ? coefficient + modulus : coefficient
}

function toInteger(octets: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(octets).toString('hex')}`)
}

function toOctets(value: bigint, bytes: number): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * bytes, '0'), 'hex')
}

function bitLength(value: bigint): number {
  return value.toString(2).length
}

const BLIND_TRIES_MAX = 128
