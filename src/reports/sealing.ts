import { Aes128Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import type { KeyObject } from 'node:crypto'
import { GatewayError } from '../model/errors.ts'
import { encode, opaque, struct } from '../wire/codec.ts'
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
export async function sealEvidence(
  key: RawKey,
  reportId: string,
  plaintext: Buffer,
): Promise<SealedEvidence> {
  const recipientPublicKey = await suite.kem.importKey('raw', copy(key.bytes))
  const { enc, ct } = await suite.seal(
    { recipientPublicKey, info: INFO },
    copy(plaintext),
    copy(Buffer.from(reportId)),
  )
  return { keyId: key.id, encapsulation: Buffer.from(enc), ciphertext: Buffer.from(ct) }
}

/** Throws `key-unavailable` where this key does not open it. RFC 9180 §6.1 */
export async function openEvidence(
  key: Pick<RawKey, 'bytes'>,
  reportId: string,
  sealed: SealedEvidence,
): Promise<Buffer> {
  const recipientKey = await suite.kem.importKey('raw', copy(key.bytes), false)
  try {
    const plaintext = await suite.open(
      { recipientKey, enc: copy(sealed.encapsulation), info: INFO },
      copy(sealed.ciphertext),
      copy(Buffer.from(reportId)),
    )
    return Buffer.from(plaintext)
  } catch {
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
export async function sealWithLabel(
  key: RawKey,
  under: SealedUnder,
  plaintext: Buffer,
): Promise<Pick<SealedForHub, 'kemOutput' | 'ciphertext'>> {
  const recipientPublicKey = await suite.kem.importKey('raw', copy(key.bytes))
  const recipient = { recipientPublicKey, info: infoOf(under) }
  const { enc, ct } = await suite.seal(recipient, copy(plaintext))
  return { kemOutput: Buffer.from(enc), ciphertext: Buffer.from(ct) }
}

/** `DecryptWithLabel`; undefined where this key does not open it. RFC 9420 §5.1.3 */
export async function openSealedForHub(
  key: RawKey,
  { kemOutput, ciphertext, ...under }: SealedForHub,
): Promise<Buffer | undefined> {
  try {
    const recipientKey = await suite.kem.importKey('raw', copy(key.bytes), false)
    const sender = { recipientKey, enc: copy(kemOutput), info: infoOf(under) }
    return Buffer.from(await suite.open(sender, copy(ciphertext)))
  } catch {
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

function infoOf({ label, context }: SealedUnder): ArrayBuffer {
  return copy(encode(encryptContextCodec, { label: Buffer.from(`MLS 1.0 ${label}`), context }))
}

/** A buffer of its own: a view of a pool is not for libraries. */
function copy(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes128Gcm(),
})
const INFO = copy(Buffer.from('Postern report evidence 1'))
const encryptContextCodec = struct({ label: opaque(255), context: opaque(65_536) })
