import type { Codec } from '../codec.ts'
import { opaque, vector } from '../codec.ts'
import type { Reader } from '../reader.ts'
import type { Writer } from '../writer.ts'
import { certificateCountMax, identityBytesMax, publicKeyBytesMax } from './limits.ts'

/**
 * A credential of RFC 9420 §5.3, or the PseudonymousCredential of draft-ietf-mimi-protocol-06 §6.1
 * under the private type 0xF4D1. Credentials of other types keep their content.
 */
export type Credential =
  | { readonly kind: 'basic'; readonly identity: Buffer }
  | { readonly kind: 'x509'; readonly certificates: readonly Buffer[] }
  | ({ readonly kind: 'pseudonymous' } & PseudonymousCredential)
  | { readonly kind: 'other'; readonly type: number; readonly content: Buffer }

/** Every field is `opaque<V>`; the pseudonyms are MIMI URIs as bytes. */
interface PseudonymousCredential {
  readonly clientPseudonym: Buffer
  readonly userPseudonym: Buffer
  readonly signaturePublicKey: Buffer
  readonly identityLinkCiphertext: Buffer
}

export const credentialTypes = { basic: 1, x509: 2, pseudonymous: 0xf4d1 } as const

export function credentialType(credential: Credential): number {
  return credential.kind === 'other' ? credential.type : credentialTypes[credential.kind]
}

/** Types that are not known are read as `opaque<V>`, which all registered ones start with. */
export const credentialCodec: Codec<Credential> = { read, write }

function read(reader: Reader): Credential {
  const type = reader.uint16()
  switch (type) {
    case credentialTypes.basic:
      return { kind: 'basic', identity: identity.read(reader) }
    case credentialTypes.x509:
      return { kind: 'x509', certificates: certificates.read(reader) }
    case credentialTypes.pseudonymous:
      return {
        kind: 'pseudonymous',
        clientPseudonym: pseudonym.read(reader),
        userPseudonym: pseudonym.read(reader),
        signaturePublicKey: publicKey.read(reader),
        identityLinkCiphertext: identity.read(reader),
      }
    default:
      return { kind: 'other', type, content: identity.read(reader) }
  }
}

function write(writer: Writer, credential: Credential): void {
  writer.uint16(credentialType(credential))
  switch (credential.kind) {
    case 'basic':
      writer.opaque(credential.identity)
      return
    case 'x509':
      certificates.write(writer, credential.certificates)
      return
    case 'pseudonymous':
      writer.opaque(credential.clientPseudonym)
      writer.opaque(credential.userPseudonym)
      writer.opaque(credential.signaturePublicKey)
      writer.opaque(credential.identityLinkCiphertext)
      return
    case 'other':
      writer.opaque(credential.content)
  }
}

const PSEUDONYM_BYTES_MAX = 1_024
const pseudonym = opaque(PSEUDONYM_BYTES_MAX)
const publicKey = opaque(publicKeyBytesMax)
const identity = opaque(identityBytesMax)
const certificates = vector(identity, { countMax: certificateCountMax })
