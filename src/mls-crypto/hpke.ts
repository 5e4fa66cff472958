import type { Randomness } from '../model/clock.ts'
import { encode, opaque, struct } from '../wire/codec.ts'
import { aeadOpen, aeadSeal, type AeadKey } from './aead.ts'
import {
  decapsulate,
  encapsulate,
  kemCode,
  labeledExpand,
  labeledExtract,
  type HpkeScope,
} from './kem.ts'
import { mlsLabel } from './key-derivation.ts'
import { AEAD_NONCE_BYTES, type MlsSuite } from './suite.ts'

/** `RFC 9420 §7.6` */
export interface HpkeCiphertext {
  readonly kemOutput: Buffer
  readonly ciphertext: Buffer
}

/** What both sides of `EncryptWithLabel` must agree on. */
export interface SealedUnder {
  readonly label: string
  readonly context: Buffer
}

/** What both sides of HPKE in base mode must agree on. `RFC 9180 §5.1.1` */
export interface SealedFor {
  readonly info: Buffer
  readonly aad: Buffer
}

/** One message to a public key, in base mode. Throws `invalid-key`. `RFC 9180 §6.1` */
export function hpkeSeal(
  suite: MlsSuite,
  { publicKey, plaintext, info, aad }: SealedFor & { publicKey: Buffer; plaintext: Buffer },
  randomness: Randomness,
): HpkeCiphertext {
  const { sharedSecret, kemOutput } = encapsulate(suite, publicKey, randomness)
  const key = aeadKey(suite, keySchedule(suite, sharedSecret, info))
  return { kemOutput, ciphertext: aeadSeal(suite, key, { plaintext, aad }) }
}

/** Throws `invalid-key`, `decryption-failed`. `RFC 9180 §6.1` */
export function hpkeOpen(
  suite: MlsSuite,
  privateKey: Buffer,
  { kemOutput, ciphertext, info, aad }: SealedFor & HpkeCiphertext,
): Buffer {
  const sharedSecret = decapsulate(suite, privateKey, kemOutput)
  const key = aeadKey(suite, keySchedule(suite, sharedSecret, info))
  return aeadOpen(suite, key, { ciphertext, aad })
}

/** `RFC 9420 §5.1.3`. Throws `invalid-key`. */
export function encryptWithLabel(
  suite: MlsSuite,
  { publicKey, plaintext, label, context }: SealedUnder & { publicKey: Buffer; plaintext: Buffer },
  randomness: Randomness,
): HpkeCiphertext {
  const info = encryptContext(label, context)
  return hpkeSeal(suite, { publicKey, plaintext, info, aad: EMPTY }, randomness)
}

/** `RFC 9420 §5.1.3`. Throws `invalid-key`, `decryption-failed`. */
export function decryptWithLabel(
  suite: MlsSuite,
  privateKey: Buffer,
  { kemOutput, ciphertext, label, context }: SealedUnder & HpkeCiphertext,
): Buffer {
  const info = encryptContext(label, context)
  return hpkeOpen(suite, privateKey, { kemOutput, ciphertext, info, aad: EMPTY })
}

/** The joiner's side of an external commit: the new init_secret and what lets members find it. `RFC 9420 §8.3` */
export function sendExternalInit(
  suite: MlsSuite,
  externalPublicKey: Buffer,
  randomness: Randomness,
): { readonly kemOutput: Buffer; readonly initSecret: Buffer } {
  const { sharedSecret, kemOutput } = encapsulate(suite, externalPublicKey, randomness)
  return { kemOutput, initSecret: externalInitSecret(suite, sharedSecret) }
}

/** A member's side of an external commit. `RFC 9420 §8.3` */
export function receiveExternalInit(
  suite: MlsSuite,
  externalPrivateKey: Buffer,
  kemOutput: Buffer,
): Buffer {
  return externalInitSecret(suite, decapsulate(suite, externalPrivateKey, kemOutput))
}

function externalInitSecret(suite: MlsSuite, sharedSecret: Buffer): Buffer {
  const derive = keySchedule(suite, sharedSecret, EMPTY)
  return labeledExpand(hpkeScope(suite), derive('exp', suite.hashBytes), {
    label: 'sec',
    info: mlsLabel('external init secret'),
    bytes: suite.hashBytes,
  })
}

function aeadKey(suite: MlsSuite, derive: Derive): AeadKey {
  return { key: derive('key', suite.aeadKeyBytes), nonce: derive('base_nonce', AEAD_NONCE_BYTES) }
}

type Derive = (label: 'key' | 'base_nonce' | 'exp', bytes: number) => Buffer

/** `KeyScheduleS` of RFC 9180 §5.1 in mode_base: what is derived is what is asked for. */
function keySchedule(suite: MlsSuite, sharedSecret: Buffer, info: Buffer): Derive {
  const scope = hpkeScope(suite)
  const pskIdHash = labeledExtract(scope, { salt: EMPTY, label: 'psk_id_hash', ikm: EMPTY })
  const infoHash = labeledExtract(scope, { salt: EMPTY, label: 'info_hash', ikm: info })
  const context = Buffer.concat([Buffer.of(MODE_BASE), pskIdHash, infoHash])
  const secret = labeledExtract(scope, { salt: sharedSecret, label: 'secret', ikm: EMPTY })
  return (label, bytes) => labeledExpand(scope, secret, { label, info: context, bytes })
}

function hpkeScope(suite: MlsSuite): HpkeScope {
  const suiteId = Buffer.from('HPKE000000')
  suiteId.writeUInt16BE(kemCode(suite), 4)
  suiteId.writeUInt16BE(suite.kdfCode, 6)
  suiteId.writeUInt16BE(suite.aeadCode, 8)
  return { hash: suite.hash, suiteId }
}

function encryptContext(label: string, context: Buffer): Buffer {
  return encode(encryptContextCodec, { label: mlsLabel(label), context })
}

const MODE_BASE = 0
const EMPTY = Buffer.alloc(0)
const encryptContextCodec = struct({ label: opaque(255), context: opaque(0x3fff_ffff) })
