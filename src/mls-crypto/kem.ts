import { diffieHellman } from 'node:crypto'
import type { Randomness } from '../model/clock.ts'
import { CryptoError } from './errors.ts'
import { privateKeyObject, publicKeyBytes, publicKeyObject } from './asymmetric-keys.ts'
import { expand, extract } from './key-derivation.ts'
import type { MlsSuite, KemName } from './suite.ts'

/** Raw octets as MLS structs carry them (RFC 9420 §5.1.1, RFC 9180 §7.1). */
export interface HpkeKeyPair {
  readonly publicKey: Buffer
  readonly privateKey: Buffer
}

/** `DeriveKeyPair` of RFC 9180 §7.1.3. */
export function deriveKeyPair(suite: MlsSuite, ikm: Uint8Array): HpkeKeyPair {
  const kem = kems[suite.kem]
  const prk = labeledExtract(kemScope(suite), { salt: EMPTY, label: 'dkp_prk', ikm })
  const privateKey = kem.bitmask === undefined ? montgomeryKey(suite, prk) : scalar(suite, prk)
  return { privateKey, publicKey: publicKeyOf(suite, privateKey) }
}

export function generateKeyPair(suite: MlsSuite, randomness: Randomness): HpkeKeyPair {
  return deriveKeyPair(suite, randomness(kems[suite.kem].privateBytes))
}

function publicKeyOf(suite: MlsSuite, privateKey: Uint8Array): Buffer {
  return publicKeyBytes(suite.kem, privateKeyObject(suite.kem, privateKey))
}

/** `Encap` of RFC 9180 §4.1. Throws `invalid-key`. */
export function encapsulate(
  suite: MlsSuite,
  publicKey: Buffer,
  randomness: Randomness,
): { readonly sharedSecret: Buffer; readonly kemOutput: Buffer } {
  const ephemeral = generateKeyPair(suite, randomness)
  const dh = agree(suite, ephemeral.privateKey, publicKey)
  const context = Buffer.concat([ephemeral.publicKey, publicKey])
  return {
    sharedSecret: extractAndExpand(suite, dh, context),
    kemOutput: ephemeral.publicKey,
  }
}

/** `Decap` of RFC 9180 §4.1. Throws `invalid-key`. */
export function decapsulate(suite: MlsSuite, privateKey: Uint8Array, kemOutput: Buffer): Buffer {
  const dh = agree(suite, privateKey, kemOutput)
  const context = Buffer.concat([kemOutput, publicKeyOf(suite, privateKey)])
  return extractAndExpand(suite, dh, context)
}

/** Where a labelled function of HPKE is used: its hash and its suite id. */
export interface HpkeScope {
  readonly hash: string
  readonly suiteId: Buffer
}

/** `LabeledExtract` of RFC 9180 §4. */
export function labeledExtract(
  { hash, suiteId }: HpkeScope,
  { salt, label, ikm }: { salt: Uint8Array; label: string; ikm: Uint8Array },
): Buffer {
  return extract(hash, salt, Buffer.concat([VERSION, suiteId, Buffer.from(label), ikm]))
}

/** `LabeledExpand` of RFC 9180 §4. */
export function labeledExpand(
  { hash, suiteId }: HpkeScope,
  prk: Buffer,
  { label, info, bytes }: { label: string; info: Uint8Array; bytes: number },
): Buffer {
  const length = Buffer.of(bytes >> 8, bytes & 0xff)
  const labeledInfo = Buffer.concat([length, VERSION, suiteId, Buffer.from(label), info])
  return expand(hash, prk, { info: labeledInfo, bytes })
}

export function kemCode(suite: MlsSuite): number {
  return kems[suite.kem].code
}

function agree(suite: MlsSuite, privateKey: Uint8Array, publicKey: Uint8Array): Buffer {
  try {
    return diffieHellman({
      privateKey: privateKeyObject(suite.kem, privateKey),
      publicKey: publicKeyObject(suite.kem, publicKey),
    })
  } catch (cause) {
    throw new CryptoError('invalid-key', { cause })
  }
}

function extractAndExpand(suite: MlsSuite, dh: Buffer, info: Buffer): Buffer {
  const scope = kemScope(suite)
  const prk = labeledExtract(scope, { salt: EMPTY, label: 'eae_prk', ikm: dh })
  return labeledExpand(scope, prk, {
    label: 'shared_secret',
    info,
    bytes: kems[suite.kem].secretBytes,
  })
}

function montgomeryKey(suite: MlsSuite, prk: Buffer): Buffer {
  const bytes = kems[suite.kem].privateBytes
  return labeledExpand(kemScope(suite), prk, { label: 'sk', info: EMPTY, bytes })
}

function scalar(suite: MlsSuite, prk: Buffer): Buffer {
  const { privateBytes, bitmask = 0xff } = kems[suite.kem]
  for (let counter = 0; counter < 256; counter++) {
    const info = Buffer.of(counter)
    const candidate = labeledExpand(kemScope(suite), prk, {
      label: 'candidate',
      info,
      bytes: privateBytes,
    })
    candidate[0] = (candidate[0] ?? 0) & bitmask
    if (isScalar(suite, candidate)) return candidate
  }
  throw new CryptoError('invalid-key')
}

function isScalar(suite: MlsSuite, candidate: Buffer): boolean {
  try {
    return publicKeyOf(suite, candidate).length > 0
  } catch {
    return false
  }
}

function kemScope(suite: MlsSuite): HpkeScope {
  const { hash, code } = kems[suite.kem]
  return { hash, suiteId: Buffer.concat([Buffer.from('KEM'), Buffer.of(code >> 8, code & 0xff)]) }
}

const EMPTY = Buffer.alloc(0)
const VERSION = Buffer.from('HPKE-v1')

interface Kem {
  /** RFC 9180 §7.1. */
  readonly code: number
  readonly hash: string
  readonly secretBytes: number
  readonly privateBytes: number
  /** For the first octet of a candidate scalar; absent where every octet string is a key. */
  readonly bitmask?: number
}

const kems: Readonly<Record<KemName, Kem>> = {
  p256: { code: 0x10, hash: 'sha256', secretBytes: 32, privateBytes: 32, bitmask: 0xff },
  p384: { code: 0x11, hash: 'sha384', secretBytes: 48, privateBytes: 48, bitmask: 0xff },
  p521: { code: 0x12, hash: 'sha512', secretBytes: 64, privateBytes: 66, bitmask: 0x01 },
  x25519: { code: 0x20, hash: 'sha256', secretBytes: 32, privateBytes: 32 },
  x448: { code: 0x21, hash: 'sha512', secretBytes: 64, privateBytes: 56 },
}
