import { createHash } from 'node:crypto'
import { WireError } from '../errors.ts'
import { Writer } from '../writer.ts'
import { decodeAnyOrder, decodeCbor, encodeCbor } from './bounded-cbor.ts'
import { parsePart, partValue, type ContentPart } from './content-part.ts'
import { Items } from './items.ts'

export const saltBytes = 16
const messageIdBytes = 32

/** One message. Extensions 1 and 2 have fields of their own and are not in `extensions`. draft-ietf-mimi-content-09 §4 */
export interface MimiContent {
  /** 16 random octets; the key of the franking tag. */
  readonly salt: Buffer
  /** Message ids are 32 octets. */
  readonly replaces: Buffer | undefined
  readonly topicId: Buffer
  readonly expires: Expiration | undefined
  readonly inReplyTo: Buffer | undefined
  /** Extension 1: the sender's user URI or pseudonym. draft-ietf-mimi-content-09 §8.3 */
  readonly senderUri: string | undefined
  /** Extension 2. */
  readonly roomUri: string | undefined
  readonly extensions: ReadonlyMap<number | string, unknown>
  readonly body: ContentPart
}

/** `time` is seconds: since the Unix epoch, or where `relative`, since the message was read. */
export interface Expiration {
  readonly relative: boolean
  readonly time: number
}

/** Strict: deterministic CBOR and nothing that the draft does not define. Throws `WireError`. */
export function decodeMimiContent(bytes: Uint8Array): MimiContent {
  const items = new Items(decodeCbor(bytes))
  const content = {
    salt: items.bytes(saltBytes),
    replaces: items.skipNull() ? undefined : items.bytes(messageIdBytes),
    topicId: items.bytes(),
    expires: items.skipNull() ? undefined : expiration(items.array()),
    inReplyTo: items.skipNull() ? undefined : items.bytes(messageIdBytes),
    ...extensionFields(items.map()),
    body: parsePart(items.any()),
  }
  return items.end(content)
}

/** What the hub needs of reported content. */
export interface FrankedFields {
  readonly salt: Buffer
  readonly senderUri: string | undefined
  readonly roomUri: string | undefined
}

/**
 * Salt, sender and room of content whose body and key order may be anything: a client that encodes
 * in its own way can still report. Throws `WireError`. draft-ietf-mimi-protocol-06 §5.9
 */
export function readFrankedFields(bytes: Uint8Array): FrankedFields {
  const items = new Items(decodeAnyOrder(bytes))
  const salt = items.bytes(saltBytes)
  for (let skipped = 1; skipped < EXTENSIONS_INDEX; skipped++) items.any()
  const { senderUri, roomUri } = extensionFields(items.map())
  items.any()
  return items.end({ salt, senderUri, roomUri })
}

export function encodeMimiContent(content: MimiContent): Buffer {
  const { expires } = content
  const extensions = new Map<number | string, unknown>(content.extensions)
  if (content.senderUri !== undefined) extensions.set(SENDER_URI, content.senderUri)
  if (content.roomUri !== undefined) extensions.set(ROOM_URI, content.roomUri)
  return encodeCbor([
    content.salt,
    content.replaces ?? null,
    content.topicId,
    expires === undefined ? null : [expires.relative, expires.time],
    content.inReplyTo ?? null,
    extensions,
    partValue(content.body),
  ])
}

/** What a message id is made of. `content` is the encoded MIMI content with `salt` in it. */
export interface MessageIdInput {
  readonly senderUri: string
  readonly roomUri: string
  readonly content: Uint8Array
  readonly salt: Uint8Array
}

/** 32 octets: 0x01, then the first 31 of a SHA-256. draft-ietf-mimi-content-09 §3.3 */
export function messageId({ senderUri, roomUri, content, salt }: MessageIdInput): Buffer {
  const prefix = new Writer()
  for (const uri of [senderUri, roomUri]) {
    const bytes = Buffer.from(uri)
    prefix.uint16(bytes.length)
    prefix.fixed(bytes)
  }
  const digest = createHash('sha256').update(prefix.take()).update(content).update(salt).digest()
  return Buffer.concat([SHA_256_ID, digest.subarray(0, messageIdBytes - 1)])
}

function expiration(value: readonly unknown[]): Expiration {
  const items = new Items(value)
  return items.end({ relative: items.boolean(), time: items.uint(0xffff_ffff) })
}

function extensionFields(map: ReadonlyMap<unknown, unknown>) {
  const extensions = new Map<number | string, unknown>()
  for (const [key, value] of map) {
    if (typeof key !== 'string' && typeof key !== 'number') throw new WireError('invalid-cbor', 0)
    if (key !== SENDER_URI && key !== ROOM_URI) extensions.set(key, value)
  }
  const senderUri = optionalText(map.get(SENDER_URI))
  const roomUri = optionalText(map.get(ROOM_URI))
  return { senderUri, roomUri, extensions }
}

function optionalText(value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  throw new WireError('invalid-cbor', 0)
}

const SENDER_URI = 1
const ROOM_URI = 2
const EXTENSIONS_INDEX = 5
const SHA_256_ID = Buffer.of(1)
