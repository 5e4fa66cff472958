import type { Randomness } from '../../model/clock.ts'
import { uriDomain } from '../../model/ids.ts'
import { decode, encode, opaque, struct } from '../../wire/codec.ts'
import { WireError } from '../../wire/errors.ts'
import {
  identityLinkTBECodec,
  pseudonymousCredentialTBSCodec,
} from '../../wire/mimi/pseudonymous-credential.ts'
import type { Credential } from '../../wire/mls/credential.ts'
import { aeadOpen, aeadSeal, type AeadKey } from '../../mls-crypto/aead.ts'
import { expandWithLabel } from '../../mls-crypto/key-derivation.ts'
import {
  generateSignatureKeyPair,
  signLabelled,
  verifyLabelled,
} from '../../mls-crypto/signatures.ts'
import { AEAD_NONCE_BYTES, type MlsSuite } from '../../mls-crypto/suite.ts'
import { ClientError, demand } from '../errors.ts'
import type { LeafIdentity } from '../mls/key-package.ts'
import { userOf } from '../mls/user-of.ts'
import { basicCredential, type Account } from './account.ts'

/** draft-ietf-mimi-protocol-06 §6.1 */
export type PseudonymousCredential = Extract<Credential, { kind: 'pseudonymous' }>

/** The part of it that is signed. */
type CredentialToSign = Omit<PseudonymousCredential, 'kind' | 'identityLinkCiphertext'>

/** A leaf identity that hides the user from providers. draft-ietf-mimi-protocol-06 §6.1 */
export interface PseudonymousIdentity extends LeafIdentity {
  readonly credential: PseudonymousCredential
}

/** Who is behind a pseudonym, as a member sees it. */
export interface RealIdentity {
  readonly user: string
  /** The client's lasting key: equal keys in two rooms are one client. */
  readonly identityKey: Buffer
}

/** `mimi://<provider>/u/<uuid>`: one for all clients of a user in one room. */
export function createUserPseudonym({ user }: Pick<Account, 'user'>, randomness: Randomness) {
  return `mimi://${uriDomain(user)}/u/${uuid(randomness)}`
}

/** A pseudonymous credential with its own signature key. draft-ietf-mimi-protocol-06 §6.1 */
export function pseudonymousIdentity(
  account: Account,
  userPseudonym: string,
  randomness: Randomness,
): PseudonymousIdentity {
  const { suite, user, identityKey } = account
  const signer = generateSignatureKeyPair(suite)
  const shown = {
    clientPseudonym: Buffer.from(`mimi://${uriDomain(user)}/d/${uuid(randomness)}`),
    userPseudonym: Buffer.from(userPseudonym),
    signaturePublicKey: signer.publicKey,
  }
  const tbs = credentialTbs(shown)
  const link = {
    tbe: {
      pseudonymousCredentialSignature: signLabelled(suite, identityKey, { label, content: tbs }),
      clientCredential: basicCredential(user),
    },
    clientSignatureKey: identityKey.publicKey,
  }
  const linkKey = identityLinkKey(suite, account.connectionKey, shown)
  const identityLinkCiphertext = aeadSeal(suite, linkAeadKey(suite, linkKey), {
    plaintext: encode(identityLinkCodec, link),
    aad: tbs,
  })
  return { signer, credential: { kind: 'pseudonymous', ...shown, identityLinkCiphertext } }
}

/** `identity_link_key` of one credential. draft-kohbrok-mimi-metadata-minimalization */
export function identityLinkKey(
  suite: MlsSuite,
  connectionKey: Buffer,
  credential: CredentialToSign,
): Buffer {
  const context = credentialTbs(credential)
  return expandWithLabel(suite, connectionKey, { label: 'IdentityLinkKey', context })
}

/**
 * Opens and verifies the link from a pseudonym to its user. That the user is the one who holds
 * `identityKey` is that user's own statement: a connection, or the same key seen before, confirms it.
 * Throws `decryption-failed`, `invalid-pseudonym`.
 */
export function openIdentityLink(
  suite: MlsSuite,
  credential: PseudonymousCredential,
  linkKey: Buffer,
): RealIdentity {
  const tbs = credentialTbs(credential)
  const plaintext = aeadOpen(suite, linkAeadKey(suite, linkKey), {
    ciphertext: credential.identityLinkCiphertext,
    aad: tbs,
  })
  const { tbe, clientSignatureKey } = decodeLink(plaintext)
  const signature = tbe.pseudonymousCredentialSignature
  const valid = verifyLabelled(suite, clientSignatureKey, { label, content: tbs, signature })
  demand(valid, 'invalid-pseudonym')
  const user = userOf(tbe.clientCredential)
  if (user === undefined || tbe.clientCredential.kind !== 'basic')
    throw new ClientError('invalid-pseudonym')
  return { user, identityKey: clientSignatureKey }
}

/** The bytes of `PseudonymousCredentialTBS`. */
export function credentialTbs({
  clientPseudonym,
  userPseudonym,
  signaturePublicKey,
}: CredentialToSign): Buffer {
  return encode(pseudonymousCredentialTBSCodec, {
    clientPseudonym: clientPseudonym.toString('utf8'),
    userPseudonym: userPseudonym.toString('utf8'),
    signaturePublicKey,
  })
}

function decodeLink(plaintext: Buffer) {
  try {
    return decode(identityLinkCodec, plaintext)
  } catch (error) {
    if (error instanceof WireError) throw new ClientError('invalid-pseudonym', { cause: error })
    throw error
  }
}

/** One key seals one plaintext only, so the nonce may be derived from it. */
function linkAeadKey(suite: MlsSuite, linkKey: Buffer): AeadKey {
  const derive = (name: string, bytes: number) =>
    expandWithLabel(suite, linkKey, { label: name, bytes })
  return { key: derive('key', suite.aeadKeyBytes), nonce: derive('nonce', AEAD_NONCE_BYTES) }
}

/** RFC 9562 §5.4. */
function uuid(randomness: Randomness): string {
  const bytes = Buffer.from(randomness(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-')
}

const label = 'PseudonymousCredentialTBS'
/** IdentityLinkTBE names no key to verify its signature with, so ours follows it (docs/divergences.md). */
const identityLinkCodec = struct({ tbe: identityLinkTBECodec, clientSignatureKey: opaque(4_096) })
