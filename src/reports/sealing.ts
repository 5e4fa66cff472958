import { Aes128Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import type { KeyObject } from 'node:crypto'
import { GatewayError } from '../model/errors.ts'

/** Bytes that only the holder of a report-sealing key can open. */
export interface SealedEvidence {
  /** The id of the key that opens them. */
  readonly keyId: string
  readonly encapsulation: Buffer
  readonly ciphertext: Buffer
}

/** The key that new reports are sealed to: X25519. */
export interface SealingKey {
  readonly id: string
  readonly publicKey: KeyObject
}

/** HPKE in base mode, bound to the report's id. RFC 9180 §6.1 */
export async function sealEvidence(
  key: SealingKey,
  reportId: string,
  plaintext: Buffer,
): Promise<SealedEvidence> {
  const { enc, ct } = await suite.seal(
    { recipientPublicKey: await suite.kem.importKey('raw', rawKey(key.publicKey)), info: INFO },
    copy(plaintext),
    copy(Buffer.from(reportId)),
  )
  return { keyId: key.id, encapsulation: Buffer.from(enc), ciphertext: Buffer.from(ct) }
}

/** Throws `key-unavailable` where this key does not open it. RFC 9180 §6.1 */
export async function openEvidence(
  privateKey: KeyObject,
  reportId: string,
  sealed: SealedEvidence,
): Promise<Buffer> {
  const recipientKey = await suite.kem.importKey('raw', rawKey(privateKey), false)
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

/** The 32 octets of an X25519 key, which end both of its DER forms. RFC 8410 */
function rawKey(key: KeyObject): ArrayBuffer {
  const der =
    key.type === 'private'
      ? key.export({ format: 'der', type: 'pkcs8' })
      : key.export({ format: 'der', type: 'spki' })
  return copy(der.subarray(-32))
}

/** A buffer of its own: a view of a pool is not for libraries. */
function copy(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes128Gcm(),
})
const INFO = copy(Buffer.from('Postern report evidence 1'))
