import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { SignatureScheme } from '../wire/mls/cipher-suite.ts'
import { signWithLabel, verifyWithLabel } from '../wire/mls/sign-with-label.ts'
import { privateKeyObject, publicKeyBytes } from './asymmetric-keys.ts'
import type { MlsSuite } from './suite.ts'

/** A signature key pair; the private half stays inside its KeyObject. */
export interface SignatureKeyPair {
  /** As in MLS structs (RFC 9420 §5.1.1). */
  readonly publicKey: Buffer
  readonly privateKey: KeyObject
}

/** What `SignWithLabel` signs, and under which label. */
export interface Labelled {
  readonly label: string
  readonly content: Buffer
}

export function generateSignatureKeyPair(suite: MlsSuite): SignatureKeyPair {
  return keyPairOf(suite, generate(suite.signature))
}

/** From raw octets: a seed, or a big-endian scalar. Throws `invalid-key`. */
export function signatureKeyPair(suite: MlsSuite, privateKey: Uint8Array): SignatureKeyPair {
  return keyPairOf(suite, privateKeyObject(suite.signature, privateKey))
}

/** `RFC 9420 §5.1.2` */
export function signLabelled(
  suite: MlsSuite,
  { privateKey }: SignatureKeyPair,
  { label, content }: Labelled,
): Buffer {
  return signWithLabel({ cipherSuite: suite.code, privateKey }, label, content)
}

/** `RFC 9420 §5.1.2`. A key that is no key of the suite verifies nothing. */
export function verifyLabelled(
  suite: MlsSuite,
  publicKey: Buffer,
  { label, content, signature }: Labelled & { readonly signature: Buffer },
): boolean {
  return verifyWithLabel({ cipherSuite: suite.code, publicKey, label, content, signature })
}

function keyPairOf(suite: MlsSuite, privateKey: KeyObject): SignatureKeyPair {
  return { privateKey, publicKey: publicKeyBytes(suite.signature, privateKey) }
}

function generate(scheme: SignatureScheme): KeyObject {
  switch (scheme) {
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey
    case 'ed448':
      return generateKeyPairSync('ed448').privateKey
    case 'p256':
    case 'p384':
    case 'p521':
      return generateKeyPairSync('ec', { namedCurve: namedCurves[scheme] }).privateKey
  }
}

const namedCurves = { p256: 'P-256', p384: 'P-384', p521: 'P-521' } as const
