import type { Randomness } from '../../model/clock.ts'
import { encode, opaque, struct } from '../../wire/codec.ts'
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
import { AEAD_NONCE_BYTES, type ClientSuite } from './suite.ts'

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

/** `RFC 9420 §5.1.3`. Throws `invalid-key`. */
export function encryptWithLabel(
  suite: ClientSuite,
  { publicKey, plaintext, label, context }: SealedUnder & { publicKey: Buffer; plaintext: Buffer },
  randomness: Randomness,
): HpkeCiphertext {
  const { sharedSecret, kemOutput } = encapsulate(suite, publicKey, randomness)
  const { aead } = keySchedule(suite, sharedSecret, encryptContext(label, context))
  return { kemOutput, ciphertext: aeadSeal(suite, aead, { plaintext, aad: Buffer.alloc(0) }) }
}

/** `RFC 9420 §5.1.3`. Throws `invalid-key`, `decryption-failed`. */
export function decryptWithLabel(
  suite: ClientSuite,
  privateKey: Buffer,
  { kemOutput, ciphertext, label, context }: SealedUnder & HpkeCiphertext,
): Buffer {
  const sharedSecret = decapsulate(suite, privateKey, kemOutput)
  const { aead } = keySchedule(suite, sharedSecret, encryptContext(label, context))
  return aeadOpen(suite, aead, { ciphertext, aad: Buffer.alloc(0) })
}

/** The joiner's side of an external commit: the new init_secret and what lets members find it. `RFC 9420 §8.3` */
export function sendExternalInit(
  suite: ClientSuite,
  externalPublicKey: Buffer,
  randomness: Randomness,
): { readonly kemOutput: Buffer; readonly initSecret: Buffer } {
  const { sharedSecret, kemOutput } = encapsulate(suite, externalPublicKey, randomness)
  return { kemOutput, initSecret: externalInitSecret(suite, sharedSecret) }
}

/** A member's side of an external commit. `RFC 9420 §8.3` */
export function receiveExternalInit(
  suite: ClientSuite,
  externalPrivateKey: Buffer,
  kemOutput: Buffer,
): Buffer {
  return externalInitSecret(suite, decapsulate(suite, externalPrivateKey, kemOutput))
}

function externalInitSecret(suite: ClientSuite, sharedSecret: Buffer): Buffer {
  const { exporterSecret } = keySchedule(suite, sharedSecret, Buffer.alloc(0))
  return labeledExpand(hpkeScope(suite), exporterSecret, {
    label: 'sec',
    info: mlsLabel('external init secret'),
    bytes: suite.hashBytes,
  })
}

/** `KeyScheduleS` of RFC 9180 §5.1 in mode_base. */
function keySchedule(
  suite: ClientSuite,
  sharedSecret: Buffer,
  info: Buffer,
): { readonly aead: AeadKey; readonly exporterSecret: Buffer } {
  const scope = hpkeScope(suite)
  const empty = Buffer.alloc(0)
  const pskIdHash = labeledExtract(scope, { salt: empty, label: 'psk_id_hash', ikm: empty })
  const infoHash = labeledExtract(scope, { salt: empty, label: 'info_hash', ikm: info })
  const context = Buffer.concat([Buffer.of(MODE_BASE), pskIdHash, infoHash])
  const secret = labeledExtract(scope, { salt: sharedSecret, label: 'secret', ikm: empty })
  const derive = (label: string, bytes: number) =>
    labeledExpand(scope, secret, { label, info: context, bytes })
  return {
    aead: { key: derive('key', suite.aeadKeyBytes), nonce: derive('base_nonce', AEAD_NONCE_BYTES) },
    exporterSecret: derive('exp', suite.hashBytes),
  }
}

function hpkeScope(suite: ClientSuite): HpkeScope {
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
const encryptContextCodec = struct({ label: opaque(255), context: opaque(0x3fff_ffff) })
