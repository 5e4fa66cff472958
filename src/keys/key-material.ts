import { createPrivateKey, createSecretKey, type KeyObject } from 'node:crypto'

/** What a key is for. A key of one purpose is never used for another. */
export const keyPurposes = [
  /** Ed25519: franks, external sender, GroupInfoResponse. */
  'hub-signing',
  /** Ed25519: our metadata requirements documents, and receipts, which those make checkable. */
  'requirements-signing',
  /** 32 octets; the weekly hub keys are derived from it. */
  'franking-master',
  /** X25519: reports are sealed to it. */
  'report-sealing',
  /** 32 octets: HMACs that stand for the persons of a report. */
  'report-handles',
  /** 32 octets: HMACs that stand for the subjects of rate limits. */
  'limiter',
  /** 32 octets: the keys of pseudonymisation domains are derived from it. */
  'pseudonyms',
  /** Ed25519. Signs nothing: older versions made such a key, and its file must stay readable. */
  'receipt-signing',
] as const
export type KeyPurpose = (typeof keyPurposes)[number]

/** Octets of every secret: an Ed25519 or X25519 private key, or a symmetric key. */
export const secretBytes = 32

/** A private key or a symmetric key, made from its 32 octets. */
export function keyObject(purpose: KeyPurpose, secret: Buffer): KeyObject {
  const prefix = pkcs8Prefixes[purpose]
  if (prefix === undefined) return createSecretKey(secret)
  return createPrivateKey({ key: Buffer.concat([prefix, secret]), format: 'der', type: 'pkcs8' })
}

/** PrivateKeyInfo up to the key itself: RFC 8410 §7. */
const pkcs8Prefixes: Readonly<Partial<Record<KeyPurpose, Buffer>>> = {
  'hub-signing': Buffer.from('302e020100300506032b657004220420', 'hex'),
  'requirements-signing': Buffer.from('302e020100300506032b657004220420', 'hex'),
  'receipt-signing': Buffer.from('302e020100300506032b657004220420', 'hex'),
  'report-sealing': Buffer.from('302e020100300506032b656e04220420', 'hex'),
}
