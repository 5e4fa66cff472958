import type { Randomness } from '../../model/clock.ts'
import { decode, encode, opaque } from '../../wire/codec.ts'
import { addAADCodec, identityLinkExtensionCodec } from '../../wire/mimi/pseudonymous-credential.ts'
import { componentIds } from '../../wire/mls/app-data.ts'
import { extensionData, extensionTypes, type Extension } from '../../wire/mls/extension.ts'
import type { LeafNode } from '../../wire/mls/leaf-node.ts'
import { Reader } from '../../wire/reader.ts'
import { Writer } from '../../wire/writer.ts'
import { aeadOpen, aeadSeal, type AeadKey } from '../../mls-crypto/aead.ts'
import { expandWithLabel } from '../../mls-crypto/key-derivation.ts'
import { AEAD_NONCE_BYTES, type MlsSuite } from '../../mls-crypto/suite.ts'
import { isRefusal } from '../errors.ts'
import {
  credentialTbs,
  openIdentityLink,
  type RealIdentity,
  type PseudonymousCredential,
} from './pseudonym.ts'

/**
 * What the members of one pseudonymous room share, and its providers do not: the
 * `identity_link_wrapper_key`, and under it the link keys of all members.
 * draft-kohbrok-mimi-metadata-minimalization, "Identity link key management in rooms"
 */
export class IdentityLinks {
  readonly suite: MlsSuite
  readonly wrapperKey: Buffer
  /** By client pseudonym. */
  private readonly linkKeys = new Map<string, Buffer>()

  constructor(suite: MlsSuite, wrapperKey: Buffer) {
    this.suite = suite
    this.wrapperKey = wrapperKey
  }

  /** For the creator of a room. */
  static create(suite: MlsSuite, randomness: Randomness): IdentityLinks {
    return new IdentityLinks(suite, randomness(suite.hashBytes))
  }

  learn({ clientPseudonym }: PseudonymousCredential, linkKey: Buffer): void {
    this.linkKeys.set(clientPseudonym.toString('utf8'), linkKey)
  }

  /** Undefined where nobody has given us the link key. Throws `invalid-pseudonym`, `decryption-failed`. */
  resolve(credential: PseudonymousCredential): RealIdentity | undefined {
    const linkKey = this.linkKeys.get(credential.clientPseudonym.toString('utf8'))
    return linkKey && openIdentityLink(this.suite, credential, linkKey)
  }

  /** The SafeAAD item 0x8D10 of a commit: the link keys of those it adds, in the order of its Adds. */
  addAad(leaves: readonly CredentialHolder[]): {
    readonly componentId: number
    readonly data: Buffer
  } {
    return { componentId: componentIds.identityLinkAdd, data: this.wrapAll(leaves) }
  }

  /** Takes in what `addAad` made. Entries that cannot be opened leave their pseudonym unresolved. */
  learnFromAddAad(data: Buffer, leaves: readonly CredentialHolder[]): void {
    this.unwrapAll(data, leaves)
  }

  /**
   * GroupInfo extensions. 0xF4D3, for the hub and for joiners: the wrapped link keys of all members in
   * the order of their leaves. 0xF4D2, inside a Welcome only: the wrapper key.
   */
  extensions(leaves: readonly CredentialHolder[]): {
    readonly published: readonly Extension[]
    readonly welcomed: readonly Extension[]
  } {
    const keys = { type: IDENTITY_LINK_KEYS, data: this.wrapAll(leaves) }
    const data = encode(identityLinkExtensionCodec, { identityLinkWrapperKey: this.wrapperKey })
    return {
      published: [keys],
      welcomed: [{ type: extensionTypes.identityLink, data }, keys],
    }
  }

  /** Takes in the link keys of a GroupInfo, ours or the hub's. */
  learnFromGroupInfo(extensions: readonly Extension[], leaves: readonly CredentialHolder[]): void {
    const data = extensionData(extensions, IDENTITY_LINK_KEYS)
    if (data !== undefined) this.unwrapAll(data, leaves)
  }

  private wrapAll(leaves: readonly CredentialHolder[]): Buffer {
    const writer = new Writer()
    for (const { credential } of leaves) {
      const known =
        credential.kind === 'pseudonymous'
          ? this.linkKeys.get(credential.clientPseudonym.toString('utf8'))
          : undefined
      const wrapped =
        known !== undefined && credential.kind === 'pseudonymous'
          ? aeadSeal(this.suite, this.wrapAead(credential), { plaintext: known, aad: NO_AAD })
          : NO_AAD
      writer.opaque(wrapped)
    }
    return encode(addAADCodec, { encryptedIdentityLinkKeys: writer.take() })
  }

  private unwrapAll(data: Buffer, leaves: readonly CredentialHolder[]): void {
    const { encryptedIdentityLinkKeys } = decode(addAADCodec, data)
    const reader = new Reader(encryptedIdentityLinkKeys)
    for (const { credential } of leaves) {
      if (reader.position === reader.end) return
      const ciphertext = wrappedKey.read(reader)
      if (credential.kind === 'pseudonymous') this.unwrap(credential, ciphertext)
    }
  }

  /** What one member wraps wrongly must not keep the others from their room. */
  private unwrap(credential: PseudonymousCredential, ciphertext: Buffer): void {
    if (ciphertext.length === 0) return
    try {
      const aead = this.wrapAead(credential)
      const linkKey = aeadOpen(this.suite, aead, { ciphertext, aad: NO_AAD })
      openIdentityLink(this.suite, credential, linkKey)
      this.learn(credential, linkKey)
    } catch (error) {
      if (!isRefusal(error)) throw error
    }
  }

  /** A key of its own for every credential, so that no nonce is ever used twice. */
  private wrapAead(credential: PseudonymousCredential): AeadKey {
    const context = credentialTbs(credential)
    const derive = (label: string, bytes: number) =>
      expandWithLabel(this.suite, this.wrapperKey, { label, context, bytes })
    return {
      key: derive('IdentityLinkWrapKey', this.suite.aeadKeyBytes),
      nonce: derive('IdentityLinkWrapNonce', AEAD_NONCE_BYTES),
    }
  }
}

/** The wrapper key in a Welcome's GroupInfo, or undefined. */
export function wrapperKeyOf(extensions: readonly Extension[]): Buffer | undefined {
  const data = extensionData(extensions, extensionTypes.identityLink)
  return data && decode(identityLinkExtensionCodec, data).identityLinkWrapperKey
}

/** GroupInfo extension, private use: what draft-kohbrok has the hub hold, in an object that it holds anyway. */
const IDENTITY_LINK_KEYS = 0xf4d3

/** A leaf, as far as its identity goes. */
type CredentialHolder = Pick<LeafNode, 'credential'>

const NO_AAD = Buffer.alloc(0)
const wrappedKey = opaque(1_024)
