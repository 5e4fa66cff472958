import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { CryptoError } from './errors.ts'

/** Every curve of the MLS suites: of its KEM or of its signatures. */
export type CurveName = 'x25519' | 'x448' | 'ed25519' | 'ed448' | 'p256' | 'p384' | 'p521'

/** A public key as it stands in MLS structs (RFC 9420 §5.1.1). Throws `invalid-key`. */
export function publicKeyObject(curve: CurveName, bytes: Uint8Array): KeyObject {
  const { spki, publicBytes } = encodings[curve]
  if (bytes.length !== publicBytes) throw new CryptoError('invalid-key')
  try {
    return createPublicKey({ key: Buffer.concat([spki, bytes]), format: 'der', type: 'spki' })
  } catch (cause) {
    throw new CryptoError('invalid-key', { cause })
  }
}

/** A private key from its raw octets: a seed, or a big-endian scalar. Throws `invalid-key`. */
export function privateKeyObject(curve: CurveName, bytes: Uint8Array): KeyObject {
  const { privatePrefix, privateSuffix, privateBytes, privateType } = encodings[curve]
  if (bytes.length > privateBytes) throw new CryptoError('invalid-key')
  const padded = Buffer.concat([Buffer.alloc(privateBytes - bytes.length), bytes])
  try {
    const key = Buffer.concat([privatePrefix, padded, privateSuffix])
    return createPrivateKey({ key, format: 'der', type: privateType })
  } catch (cause) {
    throw new CryptoError('invalid-key', { cause })
  }
}

/** The public half in the encoding of MLS structs. */
export function publicKeyBytes(curve: CurveName, key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(encodings[curve].spki.length)
}

interface Encoding {
  /** DER of SubjectPublicKeyInfo up to the key. */
  readonly spki: Buffer
  readonly publicBytes: number
  readonly privateType: 'pkcs8' | 'sec1'
  /** DER around the private key's octets: PKCS #8 (RFC 8410) or SEC 1 (RFC 5915). */
  readonly privatePrefix: Buffer
  readonly privateSuffix: Buffer
  readonly privateBytes: number
}

const encodings: Readonly<Record<CurveName, Encoding>> = {
  x25519: modern({ oidTail: 0x6e, bytes: 32 }),
  x448: modern({ oidTail: 0x6f, bytes: 56 }),
  ed25519: modern({ oidTail: 0x70, bytes: 32 }),
  ed448: modern({ oidTail: 0x71, bytes: 57 }),
  p256: weierstrass('3059301306072a8648ce3d020106082a8648ce3d030107034200', 32),
  p384: weierstrass('3076301006072a8648ce3d020106052b81040022036200', 48),
  p521: weierstrass('30819b301006072a8648ce3d020106052b8104002303818600', 66),
}

function modern({ oidTail, bytes }: { oidTail: number; bytes: number }): Encoding {
  const algorithm = [0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, oidTail]
  const inner = [0x04, bytes + 2, 0x04, bytes]
  return {
    spki: Buffer.from([0x30, 10 + bytes, ...algorithm, 0x03, bytes + 1, 0x00]),
    publicBytes: bytes,
    privateType: 'pkcs8',
    privatePrefix: Buffer.from([0x30, 14 + bytes, 0x02, 0x01, 0x00, ...algorithm, ...inner]),
    privateSuffix: Buffer.alloc(0),
    privateBytes: bytes,
  }
}

function weierstrass(spkiHex: string, bytes: number): Encoding {
  const spki = Buffer.from(spkiHex, 'hex')
  const oidStart = spki.indexOf(Buffer.from('2a8648ce3d0201', 'hex')) + 7
  const oid = spki.subarray(oidStart, oidStart + 2 + (spki[oidStart + 1] ?? 0))
  const parameters = Buffer.concat([Buffer.from([0xa0, oid.length]), oid])
  const bodyBytes = 3 + 2 + bytes + parameters.length
  return {
    spki,
    publicBytes: 1 + 2 * bytes,
    privateType: 'sec1',
    privatePrefix: Buffer.from([0x30, bodyBytes, 0x02, 0x01, 0x01, 0x04, bytes]),
    privateSuffix: parameters,
    privateBytes: bytes,
  }
}
