import {
  encode,
  enumeration,
  nothing,
  opaque,
  select,
  struct,
  uint16,
  uint32,
  uint64,
  uint8,
  type Codec,
  type Decoded,
} from '../codec.ts'
import { Writer } from '../writer.ts'
import { commitCodec } from './commit.ts'
import type { GroupContext } from './group-info.ts'
import { groupContextCodec } from './group-info.ts'
import {
  authenticatedDataBytesMax,
  ciphertextBytesMax,
  groupIdBytesMax,
  hashBytesMax,
  senderDataBytesMax,
  signatureBytesMax,
} from './limits.ts'
import { proposalCodec } from './proposal.ts'

export const contentTypeCodec = enumeration({ application: 1, proposal: 2, commit: 3 }, uint8)
export type ContentType = Decoded<typeof contentTypeCodec>

/** RFC 9420 §6 */
export const senderCodec = select(
  enumeration({ member: 1, external: 2, 'new-member-proposal': 3, 'new-member-commit': 4 }),
  {
    member: struct({ leafIndex: uint32 }),
    external: struct({ senderIndex: uint32 }),
    'new-member-proposal': nothing,
    'new-member-commit': nothing,
  },
)
export type Sender = Decoded<typeof senderCodec>

/** RFC 9420 §6 */
export const framedContentCodec = struct({
  groupId: opaque(groupIdBytesMax),
  epoch: uint64,
  sender: senderCodec,
  authenticatedData: opaque(authenticatedDataBytesMax),
  content: select(contentTypeCodec, {
    application: struct({ applicationData: opaque(ciphertextBytesMax) }),
    proposal: struct({ proposal: proposalCodec }),
    commit: struct({ commit: commitCodec }),
  }),
})
export type FramedContent = Decoded<typeof framedContentCodec>

/** `FramedContentAuthData`: the tag is there for commits only. RFC 9420 §6.1 */
interface FramedContentAuthData {
  readonly signature: Buffer
  readonly confirmationTag: Buffer | undefined
}

/** RFC 9420 §6.2; the membership tag is there for members only. */
export interface PublicMessage extends FramedContentAuthData {
  readonly content: FramedContent
  readonly membershipTag: Buffer | undefined
}

/** RFC 9420 §6.1; wire format 1 is public, 2 private. */
export interface AuthenticatedContent extends FramedContentAuthData {
  readonly wireFormat: 1 | 2
  readonly content: FramedContent
}

const signature = opaque(signatureBytesMax)
const tag = opaque(hashBytesMax)

/** Application data may not be public: `public-application-message`. RFC 9420 §6.2 */
export const publicMessageCodec: Codec<PublicMessage> = {
  read: (reader) => {
    const content = framedContentCodec.read(reader)
    if (content.content.kind === 'application') reader.fail('public-application-message')
    return {
      content,
      signature: signature.read(reader),
      confirmationTag: content.content.kind === 'commit' ? tag.read(reader) : undefined,
      membershipTag: content.sender.kind === 'member' ? tag.read(reader) : undefined,
    }
  },
  write: (writer, message) => {
    framedContentCodec.write(writer, message.content)
    writeAuthData(writer, message)
    if (message.content.sender.kind === 'member')
      writer.opaque(present(message.membershipTag, 'membership tag'))
  },
}

/** RFC 9420 §6.3 */
export const privateMessageCodec = struct({
  groupId: opaque(groupIdBytesMax),
  epoch: uint64,
  contentType: contentTypeCodec,
  authenticatedData: opaque(authenticatedDataBytesMax),
  encryptedSenderData: opaque(senderDataBytesMax),
  ciphertext: opaque(ciphertextBytesMax),
})
export type PrivateMessage = Decoded<typeof privateMessageCodec>

/** The bytes of `AuthenticatedContent`, which ProposalRefs are made of. RFC 9420 §6.1 */
export function authenticatedContentBytes(authenticated: AuthenticatedContent): Buffer {
  const writer = new Writer()
  writer.uint16(authenticated.wireFormat)
  framedContentCodec.write(writer, authenticated.content)
  writeAuthData(writer, authenticated)
  return writer.take()
}

const publicTbsPrefix = struct({ version: uint16, wireFormat: uint16, content: framedContentCodec })

/** The bytes of `FramedContentTBS`; the group's context counts for members and new members who commit. */
export function framedContentTbs(
  { wireFormat, content }: { readonly wireFormat: 1 | 2; readonly content: FramedContent },
  groupContext: GroupContext,
): Buffer {
  const prefix = outsiderContentTbs({ wireFormat, content })
  const { kind } = content.sender
  if (kind !== 'member' && kind !== 'new-member-commit') return prefix
  return Buffer.concat([prefix, encode(groupContextCodec, groupContext)])
}

/** The same where the sender is no member and does not become one. RFC 9420 §6.1 */
export function outsiderContentTbs({
  wireFormat,
  content,
}: {
  readonly wireFormat: 1 | 2
  readonly content: FramedContent
}): Buffer {
  return encode(publicTbsPrefix, { version: 1, wireFormat, content })
}

/** The bytes of `ConfirmedTranscriptHashInput`. RFC 9420 §8.2 */
export function confirmedTranscriptHashInput(authenticated: AuthenticatedContent): Buffer {
  const writer = new Writer()
  writer.uint16(authenticated.wireFormat)
  framedContentCodec.write(writer, authenticated.content)
  writer.opaque(authenticated.signature)
  return writer.take()
}

function writeAuthData(
  writer: Writer,
  message: FramedContentAuthData & { readonly content: FramedContent },
): void {
  writer.opaque(message.signature)
  if (message.content.content.kind === 'commit')
    writer.opaque(present(message.confirmationTag, 'confirmation tag'))
}

function present(bytes: Buffer | undefined, name: string): Buffer {
  if (bytes === undefined) throw new RangeError(`the ${name} is missing`)
  return bytes
}
