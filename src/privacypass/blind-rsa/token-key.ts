import { createHash, createPublicKey, generateKeyPair, verify, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { GatewayError } from '../../model/errors.ts'
import { ownBytes } from '../own-bytes.ts'
import type { IssuerKey, KeyKind, TokenKey } from '../token-scheme.ts'
import { tokenInputBytes } from '../token.ts'
import { blindSign, rsaPublicKey } from './blind-signature.ts'

/** Octets of the salt in RSABSSA-SHA384-PSS-Deterministic. RFC 9578 §6 */
export const pssSaltBytes = 48

/**
 * A key of type 0x0002 from its SubjectPublicKeyInfo: RSA 2048 with exponent 65,537 under
 * id-RSASSA-PSS with SHA-384, in exactly the DER that RFC 9578 §6.5 gives. Undefined for anything else.
 */
export function readBlindRsaKey(spki: Uint8Array, issuer: string): TokenKey | undefined {
  const publicKey = ownBytes(spki.subarray(0, SPKI_BYTES + 1))
  const modulus = modulusOf(publicKey)
  const key = modulus && keyObjectOf(publicKey)
  if (key === undefined) return undefined
  return {
    tokenType: 'blindRsa2048',
    issuer,
    keyId: createHash('sha256').update(publicKey).digest(),
    publicKey,
    authenticates: (token) =>
      token.tokenType === 'blindRsa2048' &&
      // The key itself says which hashes and how much salt; options that say it again cost a third more.
      verify('sha384', tokenInputBytes(token), key, token.authenticator),
  }
}

/** The KeyObject of a key that `readBlindRsaKey` read, for the client's half. Throws `key-unavailable`. */
export function blindRsaPublicKey(tokenKey: TokenKey): KeyObject {
  const key = rsaForm(tokenKey.publicKey)
  if (key === undefined) throw new GatewayError('key-unavailable')
  return key
}

/** A key of type 0x0002 with its private half, RSA 2048. Throws `key-unavailable` for any other key. */
export function blindRsaIssuerKey(privateKey: KeyObject, issuer: string): IssuerKey {
  const publicKey = rsaPublicKey(createPublicKey(privateKey))
  const rsaSpki = publicKey.key.export({ format: 'der', type: 'spki' })
  const spki = Buffer.concat([PSS_PREFIX, rsaSpki.subarray(RSA_PREFIX.length)])
  const tokenKey = readBlindRsaKey(spki, issuer)
  if (tokenKey === undefined) throw new GatewayError('key-unavailable')
  const modulus = spki.subarray(PSS_PREFIX.length, PSS_PREFIX.length + MODULUS_BITS / 8)
  return {
    tokenKey,
    // Octets in their order compare as the integers do.
    accepts: (message) => message.length === modulus.length && message.compare(modulus) < 0,
    evaluate: (request) => {
      if (request.tokenType !== 'blindRsa2048') return undefined
      const blindSignature = blindSign(privateKey, publicKey, request.blindedMessage)
      return blindSignature && { tokenType: 'blindRsa2048', blindSignature }
    },
  }
}

/**
 * A new private key of type 0x0002. Requests name a key by the last octet of its id, so it is made
 * anew until that octet is none of those of `live`. Takes about a tenth of a second each time.
 */
export async function generateBlindRsaKey(live: readonly TokenKey[] = []): Promise<KeyObject> {
  const taken = new Set(live.map(({ keyId }) => keyId.at(-1)))
  for (let tries = 0; tries < KEY_TRIES_MAX; tries++) {
    // One after the other: a second key is needed once in a hundred times.
    const { privateKey } = await generateRsa('rsa', { modulusLength: MODULUS_BITS })
    const { keyId } = blindRsaIssuerKey(privateKey, '').tokenKey
    if (!taken.has(keyId.at(-1))) return privateKey
  }
  throw new GatewayError('key-unavailable')
}

export const blindRsaKeyKind: KeyKind = { generate: generateBlindRsaKey, open: blindRsaIssuerKey }

function modulusOf(spki: Buffer): Buffer | undefined {
  const modulus = spki.subarray(PSS_PREFIX.length, PSS_PREFIX.length + MODULUS_BITS / 8)
  const isExact =
    spki.length === SPKI_BYTES &&
    spki.subarray(0, PSS_PREFIX.length).equals(PSS_PREFIX) &&
    spki.subarray(-EXPONENT.length).equals(EXPONENT)
  const isOddOfFullLength = ((modulus[0] ?? 0) & 0x80) !== 0 && ((modulus.at(-1) ?? 0) & 1) === 1
  return isExact && isOddOfFullLength ? modulus : undefined
}

/** The same key as rsaEncryption: with the other form OpenSSL does no RSA without padding. */
function rsaForm(spki: Buffer): KeyObject | undefined {
  const modulus = modulusOf(spki)
  return modulus && keyObjectOf(Buffer.concat([RSA_PREFIX, modulus, EXPONENT]))
}

function keyObjectOf(spki: Buffer): KeyObject | undefined {
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}

const generateRsa = promisify(generateKeyPair)
const MODULUS_BITS = 2_048
const KEY_TRIES_MAX = 64
/** DER up to the modulus, whose first octet is 0 as its highest bit is set; behind it the exponent. */
const PSS_PREFIX = Buffer.from(
  '30820152303d06092a864886f70d01010a3030a00d300b0609608648016503040202a11a301806092a864886f70d0101' +
    '08300b0609608648016503040202a2030201300382010f003082010a0282010100',
  'hex',
)
const RSA_PREFIX = Buffer.from(
  '30820122300d06092a864886f70d01010105000382010f003082010a0282010100',
  'hex',
)
const EXPONENT = Buffer.from('0203010001', 'hex')
const SPKI_BYTES = PSS_PREFIX.length + MODULUS_BITS / 8 + EXPONENT.length
