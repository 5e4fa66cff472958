import { opaque, struct } from '../codec.ts'
import { credentialCodec } from '../mls/credential.ts'
import { keyBytesMax } from './bounds.ts'
import { identifierUriCodec } from './protocol.ts'

const pseudonyms = {
  clientPseudonym: identifierUriCodec,
  userPseudonym: identifierUriCodec,
  signaturePublicKey: opaque(keyBytesMax),
}

/**
 * The content of a credential of type 0xF4D1; `credentialCodec` reads it with its type. The draft
 * writes `opaque signature_public_key` with no length: read as `<V>`. draft-ietf-mimi-protocol-06 §6.1
 */
export const pseudonymousCredentialCodec = struct({
  ...pseudonyms,
  identityLinkCiphertext: opaque(keyBytesMax),
})

/** What the real credential signs, under the label `PseudonymousCredentialTBS`. draft-ietf-mimi-protocol-06 §6.1 */
export const pseudonymousCredentialTBSCodec = struct(pseudonyms)

/** The plaintext of `identity_link_ciphertext`. draft-ietf-mimi-protocol-06 §6.1 */
export const identityLinkTBECodec = struct({
  pseudonymousCredentialSignature: opaque(keyBytesMax),
  clientCredential: credentialCodec,
})

/**
 * The content of the GroupInfo extension 0xF4D2, inside a Welcome: a secret of the members.
 * draft-kohbrok-mimi-metadata-minimalization, "Add flow"
 */
export const identityLinkExtensionCodec = struct({ identityLinkWrapperKey: opaque(keyBytesMax) })

/** The SafeAAD component 0x8D10: one key for each Add, in their order. draft-kohbrok-mimi-metadata-minimalization, "Add flow" */
export const addAADCodec = struct({ encryptedIdentityLinkKeys: opaque(keyBytesMax) })
