import type { Randomness } from '../../model/clock.ts'
import {
  decode,
  encode,
  fixed,
  opaque,
  struct,
  uint32,
  uint64,
  type Codec,
} from '../../wire/codec.ts'
import { commitCodec } from '../../wire/mls/commit.ts'
import {
  contentTypeCodec,
  type AuthenticatedContent,
  type ContentType,
  type FramedContent,
  type PrivateMessage,
} from '../../wire/mls/framing.ts'
import { proposalCodec } from '../../wire/mls/proposal.ts'
import { Reader } from '../../wire/reader.ts'
import { Writer } from '../../wire/writer.ts'
import { aeadOpen, aeadSeal, type AeadKey } from '../../mls-crypto/aead.ts'
import { expandWithLabel } from '../../mls-crypto/key-derivation.ts'
import { AEAD_NONCE_BYTES, type MlsSuite } from '../../mls-crypto/suite.ts'
import { ClientError, demand } from '../errors.ts'
import type { SigningContext } from './content-signature.ts'
import type { SecretTree } from './secret-tree.ts'

export interface PrivateContext extends SigningContext {
  readonly senderDataSecret: Buffer
  readonly secretTree: SecretTree
}

/** Encrypts signed content of a member with the next key of its ratchet. `RFC 9420 §6.3` */
export function protectPrivate(
  context: PrivateContext,
  { content, signature, confirmationTag }: AuthenticatedContent,
  options: { readonly paddingFor: PaddingFor; readonly randomness: Randomness },
): PrivateMessage {
  if (content.sender.kind !== 'member') throw new ClientError('wrong-message-kind')
  const { leafIndex } = content.sender
  const contentType = content.content.kind
  const { groupId, epoch, authenticatedData } = content
  const { generation, aead } = context.secretTree.next(leafIndex, ratchetName(contentType))
  const reuseGuard = options.randomness(REUSE_GUARD_BYTES)
  const frame = { groupId, epoch, contentType, authenticatedData }
  const inner = encodeContent(content, { signature, confirmationTag })
  const padding = Buffer.alloc(options.paddingFor(inner.length + AEAD_TAG_BYTES))
  const ciphertext = aeadSeal(context.suite, guarded(aead, reuseGuard), {
    plaintext: Buffer.concat([inner, padding]),
    aad: encode(contentAadCodec, frame),
  })
  const encryptedSenderData = aeadSeal(context.suite, senderDataKey(context, ciphertext), {
    plaintext: encode(senderDataCodec, { leafIndex, generation, reuseGuard }),
    aad: encode(senderDataAadCodec, frame),
  })
  return { ...frame, encryptedSenderData, ciphertext }
}

/** Zero octets to append so that the ciphertext, `bytes` long without them, gets the wanted size. */
export type PaddingFor = (bytes: number) => number

/** Content that has been decrypted; its signature is still to be verified, its key to be consumed. */
export interface OpenedPrivate {
  readonly authenticated: AuthenticatedContent
  /** Deletes the message's key: call it when the signature has been verified. */
  readonly consume: () => void
}

/**
 * Throws `decryption-failed`, `generation-consumed`, `generation-too-far`, `invalid-padding`,
 * `WireError`. `RFC 9420 §6.3`
 */
export function openPrivate(context: PrivateContext, message: PrivateMessage): OpenedPrivate {
  const { contentType, ciphertext } = message
  const senderData = openSenderData(context, message)
  const { leafIndex, generation, reuseGuard } = senderData
  const name = ratchetName(contentType)
  const aead = context.secretTree.peek(leafIndex, name, generation)
  const plaintext = aeadOpen(context.suite, guarded(aead, reuseGuard), {
    ciphertext,
    aad: encode(contentAadCodec, message),
  })
  return {
    authenticated: decodeContent(message, leafIndex, plaintext),
    consume: () => context.secretTree.consume(leafIndex, name, generation),
  }
}

function openSenderData(context: PrivateContext, message: PrivateMessage) {
  const plaintext = aeadOpen(context.suite, senderDataKey(context, message.ciphertext), {
    ciphertext: message.encryptedSenderData,
    aad: encode(senderDataAadCodec, message),
  })
  return decode(senderDataCodec, plaintext)
}

function senderDataKey(
  { suite, senderDataSecret }: { suite: MlsSuite; senderDataSecret: Buffer },
  ciphertext: Buffer,
): AeadKey {
  const context = ciphertext.subarray(0, suite.hashBytes)
  const derive = (label: string, bytes: number) =>
    expandWithLabel(suite, senderDataSecret, { label, context, bytes })
  return { key: derive('key', suite.aeadKeyBytes), nonce: derive('nonce', AEAD_NONCE_BYTES) }
}

function guarded({ key, nonce }: AeadKey, reuseGuard: Buffer): AeadKey {
  const mixed = Buffer.from(nonce)
  for (const [index, byte] of reuseGuard.entries()) mixed[index] = (mixed[index] ?? 0) ^ byte
  return { key, nonce: mixed }
}

function encodeContent(
  { content }: FramedContent,
  { signature, confirmationTag }: Pick<AuthenticatedContent, 'signature' | 'confirmationTag'>,
): Buffer {
  const writer = new Writer()
  switch (content.kind) {
    case 'application':
      writer.opaque(content.applicationData)
      break
    case 'proposal':
      proposalCodec.write(writer, content.proposal)
      break
    case 'commit':
      commitCodec.write(writer, content.commit)
  }
  writer.opaque(signature)
  if (confirmationTag !== undefined) writer.opaque(confirmationTag)
  return writer.take()
}

function decodeContent(
  { groupId, epoch, authenticatedData, contentType }: PrivateMessage,
  leafIndex: number,
  plaintext: Buffer,
): AuthenticatedContent {
  const reader = new Reader(plaintext)
  const content = readContent(reader, contentType)
  const signature = authData.read(reader)
  const confirmationTag = contentType === 'commit' ? authData.read(reader) : undefined
  const padding = reader.fixed(reader.end - reader.position)
  demand(
    padding.every((byte) => byte === 0),
    'invalid-padding',
  )
  const sender = { kind: 'member', leafIndex } as const
  return {
    wireFormat: 2,
    content: { groupId, epoch, sender, authenticatedData, content },
    signature,
    confirmationTag,
  }
}

function readContent(reader: Reader, contentType: ContentType): FramedContent['content'] {
  switch (contentType) {
    case 'application':
      return { kind: 'application', applicationData: applicationData.read(reader) }
    case 'proposal':
      return { kind: 'proposal', proposal: proposalCodec.read(reader) }
    case 'commit':
      return { kind: 'commit', commit: commitCodec.read(reader) }
  }
}

function ratchetName(contentType: ContentType): 'application' | 'handshake' {
  return contentType === 'application' ? 'application' : 'handshake'
}

const AEAD_TAG_BYTES = 16
const REUSE_GUARD_BYTES = 4
const DATA_BYTES_MAX = 16_777_216
const authData = opaque(8_192)
const applicationData: Codec<Buffer> = opaque(DATA_BYTES_MAX)
const frameFields = { groupId: opaque(1_024), epoch: uint64, contentType: contentTypeCodec }
const contentAadCodec = struct({ ...frameFields, authenticatedData: opaque(DATA_BYTES_MAX) })
const senderDataAadCodec = struct(frameFields)
const senderDataCodec = struct({
  leafIndex: uint32,
  generation: uint32,
  reuseGuard: fixed(REUSE_GUARD_BYTES),
})
