import type { FramedMessage } from '../../model/exchange.ts'
import { decode, type Codec } from '../codec.ts'
import { WireError } from '../errors.ts'
import { Reader } from '../reader.ts'
import { componentIds } from './app-data.ts'
import { protocolVersionCodec } from './cipher-suite.ts'
import {
  contentTypeCodec,
  publicMessageCodec,
  senderCodec,
  type ContentType,
  type Sender,
} from './framing.ts'
import { groupInfoCodec, type GroupInfo } from './group-info.ts'
import { keyPackageCodec, type KeyPackage } from './key-package.ts'
import {
  authenticatedDataBytesMax,
  ciphertextBytesMax,
  groupIdBytesMax,
  senderDataBytesMax,
} from './limits.ts'
import { wireFormatCodec } from './message.ts'
import { safeAadCodec, type SafeAad } from './safe-aad.ts'
import { welcomeCodec } from './welcome.ts'

interface FramedHeader {
  readonly groupId: Buffer
  readonly epoch: bigint
  readonly contentType: ContentType
  readonly authenticatedData: Buffer
}

/** What one MLSMessage shows to anyone who carries it. */
export type MlsHeader =
  | ({ readonly kind: 'public'; readonly sender: Sender } & FramedHeader)
  | ({ readonly kind: 'private'; readonly ciphertextBytes: number } & FramedHeader)
  | {
      readonly kind: 'welcome'
      readonly cipherSuite: number
      readonly keyPackageRefs: readonly Buffer[]
    }
  | { readonly kind: 'group-info'; readonly groupInfo: GroupInfo }
  | { readonly kind: 'key-package'; readonly keyPackage: KeyPackage }

/** One MLSMessage inside another struct: its header and its exact bytes. */
export interface MlsMessageView {
  readonly header: MlsHeader
  readonly bytes: Buffer
}

/**
 * The header of exactly one MLSMessage. Of a PublicMessage it reads no further than the content type:
 * whoever acts on the content decodes it in full. Throws `WireError`. RFC 9420 §6
 */
export function readHeader(bytes: Uint8Array): MlsHeader {
  const reader = new Reader(bytes)
  protocolVersionCodec.read(reader)
  const kind = wireFormatCodec.read(reader)
  if (kind === 'public') return publicHeader(reader)
  const header = boundedHeader(reader, kind)
  reader.finish()
  return header
}

/** Delimits one MLSMessage by reading all of it. */
export const mlsMessage: Codec<MlsMessageView> = {
  read: (reader) => {
    const start = reader.position
    protocolVersionCodec.read(reader)
    const kind = wireFormatCodec.read(reader)
    const header = kind === 'public' ? wholePublicHeader(reader) : boundedHeader(reader, kind)
    return { header, bytes: reader.since(start) }
  },
  write: (writer, { bytes }) => writer.fixed(bytes),
}

/**
 * The frame of a PublicMessage or PrivateMessage; any other format is `unsupported-wire-format`.
 * Whether `authenticated_data` is SafeAAD is known only to the group: bytes that are none have no
 * components and no tag. Bytes that are SafeAAD with a franking tag of another length than 32 octets
 * are `invalid-value`.
 */
export function framedMessage(bytes: Buffer): FramedMessage {
  const header = readHeader(bytes)
  if (header.kind !== 'public' && header.kind !== 'private')
    throw new WireError('unsupported-wire-format', WIRE_FORMAT_OFFSET)
  return framedMessageOf({ header, bytes })
}

/** The same, of a message that is already delimited. */
export function framedMessageOf({ header, bytes }: MlsMessageView): FramedMessage {
  if (header.kind !== 'public' && header.kind !== 'private')
    throw new WireError('unsupported-wire-format', WIRE_FORMAT_OFFSET)
  const { aadItems } = safeAad(header.authenticatedData)
  const tag = aadItems.find(({ componentId }) => componentId === componentIds.frankAad)?.data
  if (tag !== undefined && tag.length !== FRANKING_TAG_BYTES)
    throw new WireError('invalid-value', tag.byteOffset - bytes.byteOffset)
  return {
    bytes,
    wireFormat: header.kind,
    contentType: header.contentType,
    groupId: header.groupId,
    epoch: header.epoch,
    frankingTag: tag,
    aadComponents: aadItems.map(({ componentId }) => componentId),
    ciphertextBytes: header.kind === 'private' ? header.ciphertextBytes : 0,
  }
}

function safeAad(authenticatedData: Buffer): SafeAad {
  if (authenticatedData.length === 0) return NO_AAD
  try {
    return decode(safeAadCodec, authenticatedData)
  } catch (error) {
    if (error instanceof WireError) return NO_AAD
    throw error
  }
}

function publicHeader(reader: Reader): MlsHeader {
  const groupId = reader.opaque(groupIdBytesMax)
  const epoch = reader.uint64()
  const sender = senderCodec.read(reader)
  const authenticatedData = reader.opaque(authenticatedDataBytesMax)
  const contentType = contentTypeCodec.read(reader)
  if (contentType === 'application') reader.fail('public-application-message')
  return { kind: 'public', groupId, epoch, contentType, authenticatedData, sender }
}

function wholePublicHeader(reader: Reader): MlsHeader {
  const { content } = publicMessageCodec.read(reader)
  const { groupId, epoch, sender, authenticatedData } = content
  const contentType = content.content.kind
  return { kind: 'public', groupId, epoch, contentType, authenticatedData, sender }
}

function boundedHeader(
  reader: Reader,
  kind: 'private' | 'welcome' | 'group-info' | 'key-package',
): MlsHeader {
  switch (kind) {
    case 'private':
      return privateHeader(reader)
    case 'welcome': {
      const { cipherSuite, secrets } = welcomeCodec.read(reader)
      return { kind, cipherSuite, keyPackageRefs: secrets.map(({ newMember }) => newMember) }
    }
    case 'group-info':
      return { kind, groupInfo: groupInfoCodec.read(reader) }
    case 'key-package':
      return { kind, keyPackage: keyPackageCodec.read(reader) }
  }
}

function privateHeader(reader: Reader): MlsHeader {
  const groupId = reader.opaque(groupIdBytesMax)
  const epoch = reader.uint64()
  const contentType = contentTypeCodec.read(reader)
  const authenticatedData = reader.opaque(authenticatedDataBytesMax)
  reader.opaque(senderDataBytesMax)
  const ciphertextBytes = reader.opaque(ciphertextBytesMax).length
  return { kind: 'private', groupId, epoch, contentType, authenticatedData, ciphertextBytes }
}

const FRANKING_TAG_BYTES = 32
const WIRE_FORMAT_OFFSET = 2
const NO_AAD: SafeAad = { aadItems: [] }
