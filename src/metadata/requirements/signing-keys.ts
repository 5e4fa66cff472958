import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import type { VerificationKey } from './document.ts'
import { canonicalJson } from './strict-json.ts'

/** The public half of an Ed25519 key as it stands in a document; its id is its thumbprint. */
export function verificationKeyOf(key: KeyObject): VerificationKey {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  const { x } = publicKey.export({ format: 'jwk' })
  if (publicKey.asymmetricKeyType !== 'ed25519' || x === undefined)
    throw new TypeError('expected an Ed25519 key')
  return { kty: 'OKP', crv: 'Ed25519', x, kid: thumbprint(x), use: 'sig', alg: 'EdDSA' }
}

/** The key of a document. */
export function keyObjectOf({ kty, crv, x }: VerificationKey): KeyObject {
  return createPublicKey({ format: 'jwk', key: { kty, crv, x } })
}

/** RFC 7638 for an Ed25519 key (RFC 8037 §2): base64url. */
export function thumbprint(x: string): string {
  return createHash('sha256')
    .update(canonicalJson({ crv: 'Ed25519', kty: 'OKP', x }))
    .digest('base64url')
}
