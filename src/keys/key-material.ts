import { createPrivateKey, createSecretKey, type KeyObject } from 'node:crypto'

/** What keys of 32 octets are for. A key of one purpose is never used for another. */
export const secretPurposes = [
  /** Ed25519: franks, external sender, GroupInfoResponse. */
  'hub-signing',
  /** Ed25519: our metadata requirements documents, and receipts and notices, which those make checkable. */
  'requirements-signing',
  /** 32 octets; the weekly hub keys are derived from it. */
  'franking-master',
  /** X25519: reports are sealed to it. */
  'report-sealing',
  /** 32 octets: HMACs that stand for the persons of a report. */
  'report-handles',
  /** 32 octets: HMACs that stand for rooms in notices, another one for each provider. */
  'notice-rooms',
  /** 32 octets: HMACs that stand for the subjects of rate limits. */
  'limiter',
  /** 32 octets: the keys of pseudonymisation domains are derived from it. */
  'pseudonyms',
  /** Ed25519. Signs nothing: older versions made such a key, and its file must stay readable. */
  'receipt-signing',
  /** 32 octets: HMACs that stand for the accounts to which tokens are issued. */
  'issuer-accounts',
  /** 32 octets; the keys of anonymous rate-limited credentials are derived from it, by provider and month. */
  'arc-issuer',
] as const
export type SecretPurpose = (typeof secretPurposes)[number]

/** What RSA keys are for: they sign tokens blindly, one class of tokens each. RFC 9578 §6 */
const rsaPurposes = ['token-issuer-message', 'token-issuer-first-contact'] as const

/** What scalars are for, by their octets: tokens of types 0x0001 and 0x0005. RFC 9578 §5 */
const scalarBytes = { 'token-issuer-message-0001': 48, 'token-issuer-message-0005': 32 } as const
type ScalarPurpose = keyof typeof scalarBytes

/** What keys of the issuer of tokens are for, which follow a plan of their own. */
export type IssuerPurpose = (typeof rsaPurposes)[number] | ScalarPurpose

export const keyPurposes = [
  ...secretPurposes,
  ...rsaPurposes,
  'token-issuer-message-0001',
  'token-issuer-message-0005',
] as const satisfies readonly KeyPurpose[]
export type KeyPurpose = SecretPurpose | IssuerPurpose

/** Octets of every secret but those of an issuer: an Ed25519 or X25519 private key, or a symmetric key. */
export const secretBytes = 32

/**
 * A private key or a symmetric key, made from its 32 octets; an RSA key of 2,048 bits from its PKCS#8; a
 * scalar from as many octets as its group has. Throws where they are something else.
 */
export function keyObject(purpose: KeyPurpose, secret: Buffer): KeyObject {
  if (isRsaPurpose(purpose)) return rsaKey(secret)
  const bytes = isScalarPurpose(purpose) ? scalarBytes[purpose] : secretBytes
  if (secret.length !== bytes) throw new RangeError(`expected ${bytes} octets`)
  const prefix = pkcs8Prefixes[purpose]
  if (prefix === undefined) return createSecretKey(secret)
  return createPrivateKey({ key: Buffer.concat([prefix, secret]), format: 'der', type: 'pkcs8' })
}

/** What `keyObject` makes the same key from. */
export function keySecret(key: KeyObject): Buffer {
  if (key.type === 'secret') return key.export()
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' })
  return key.asymmetricKeyType === 'rsa' ? pkcs8 : pkcs8.subarray(-secretBytes)
}

function isRsaPurpose(purpose: KeyPurpose): purpose is (typeof rsaPurposes)[number] {
  return rsaPurposes.some((known) => known === purpose)
}

function isScalarPurpose(purpose: KeyPurpose): purpose is ScalarPurpose {
  return purpose in scalarBytes
}

function rsaKey(pkcs8: Buffer): KeyObject {
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  const { modulusLength } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType !== 'rsa' || modulusLength !== RSA_BITS)
    throw new RangeError('expected an RSA key of 2,048 bits')
  return key
}

/** RFC 9578 §6.5: the size of the keys of token type 0x0002. */
const RSA_BITS = 2_048

/** PrivateKeyInfo up to the key itself: RFC 8410 §7. */
const pkcs8Prefixes: Readonly<Partial<Record<KeyPurpose, Buffer>>> = {
  'hub-signing': Buffer.from('302e020100300506032b657004220420', 'hex'),
  'requirements-signing': Buffer.from('302e020100300506032b657004220420', 'hex'),
  'receipt-signing': Buffer.from('302e020100300506032b657004220420', 'hex'),
  'report-sealing': Buffer.from('302e020100300506032b656e04220420', 'hex'),
}
