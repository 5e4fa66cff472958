import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { Writer } from '../writer.ts'
import { cipherSuite, type SignatureScheme } from './cipher-suite.ts'

/** The bytes of `SignContent`, label `"MLS 1.0 " + label`. RFC 9420 §5.1.2 */
export function signContent(label: string, content: Uint8Array): Buffer {
  const writer = new Writer(content.length + label.length + LABEL_PREFIX.length + 6)
  writer.opaque(Buffer.from(LABEL_PREFIX + label))
  writer.opaque(content)
  return writer.take()
}

export interface LabelledSignature {
  /** The code of the cipher suite that names the signature scheme. */
  readonly cipherSuite: number
  /** As on the wire: 32 octets for Ed25519, an uncompressed point for NIST curves. */
  readonly publicKey: Buffer
  readonly label: string
  readonly content: Uint8Array
  readonly signature: Uint8Array
}

/**
 * `VerifyWithLabel` of RFC 9420 §5.1.2 for suites 1 to 7. False for a wrong signature, a key that is
 * none, and a suite that is not known. Keys are kept, at most 4,096 of them.
 */
export function verifyWithLabel(claim: LabelledSignature): boolean {
  const scheme = cipherSuite(claim.cipherSuite)?.signature
  if (scheme === undefined) return false
  const key = publicKeyObject(scheme, claim.publicKey)
  if (key === undefined) return false
  return verify(digests[scheme], signContent(claim.label, claim.content), key, claim.signature)
}

/** `SignWithLabel` of RFC 9420 §5.1.2, suites 1 to 7. */
export function signWithLabel(
  {
    cipherSuite: code,
    privateKey,
  }: { readonly cipherSuite: number; readonly privateKey: KeyObject },
  label: string,
  content: Uint8Array,
): Buffer {
  const scheme = cipherSuite(code)?.signature
  if (scheme === undefined) throw new RangeError('the cipher suite has no known signature scheme')
  return sign(digests[scheme], signContent(label, content), privateKey)
}

/** A public key as it stands on the wire, as a KeyObject; undefined for bytes that are no key. */
function publicKeyObject(scheme: SignatureScheme, bytes: Buffer): KeyObject | undefined {
  const name = scheme + bytes.toString('latin1')
  const known = keys.get(name)
  if (known !== undefined) {
    // Moved to the end: the map's order is the order of last use.
    keys.delete(name)
    keys.set(name, known)
    return known
  }
  const key = parsePublicKey(scheme, bytes)
  if (key === undefined) return undefined
  if (keys.size >= KEY_COUNT_MAX) keys.delete(keys.keys().next().value ?? '')
  keys.set(name, key)
  return key
}

function parsePublicKey(scheme: SignatureScheme, bytes: Buffer): KeyObject | undefined {
  const { prefix, keyBytes } = spki[scheme]
  // OpenSSL also takes compressed points: RFC 9420 §5.1.1 allows the uncompressed form only.
  if (bytes.length !== keyBytes) return undefined
  try {
    return createPublicKey({ key: Buffer.concat([prefix, bytes]), format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}

const LABEL_PREFIX = 'MLS 1.0 '
const KEY_COUNT_MAX = 4_096
const keys = new Map<string, KeyObject>()

const digests: Readonly<Record<SignatureScheme, string | undefined>> = {
  ed25519: undefined,
  ed448: undefined,
  p256: 'sha256',
  p384: 'sha384',
  p521: 'sha512',
}

/** SubjectPublicKeyInfo up to the key itself. RFC 8410 §4, RFC 5480 §2 */
const spki: Readonly<Record<SignatureScheme, { prefix: Buffer; keyBytes: number }>> = {
  ed25519: { prefix: Buffer.from('302a300506032b6570032100', 'hex'), keyBytes: 32 },
  ed448: { prefix: Buffer.from('3043300506032b6571033a00', 'hex'), keyBytes: 57 },
  p256: {
    prefix: Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex'),
    keyBytes: 65,
  },
  p384: {
    prefix: Buffer.from('3076301006072a8648ce3d020106052b81040022036200', 'hex'),
    keyBytes: 97,
  },
  p521: {
    prefix: Buffer.from('30819b301006072a8648ce3d020106052b8104002303818600', 'hex'),
    keyBytes: 133,
  },
}
