import type { KeyObject } from 'node:crypto'
import { openJws, signJws, type Jws, type JwsFault } from '../metadata/requirements/jws.ts'
import { messageTypes, noticeMessageSchema, type NoticeMessage } from './messages.ts'

/** A message with the signature that it came with, in JWS compact form. */
export interface SignedMessage {
  readonly message: NoticeMessage
  readonly signed: Jws
}

export type MessageFault = JwsFault | 'kind' | 'schema'

/** Octets of a signed message; a larger one is not read. */
export const messageBytesMax = 65_536

/** Where gateways take them. */
export const noticesPath = '/moderation-notices'

/** `application/jose` content, RFC 7515 §9.2.1. */
export const messageContentType = 'application/jose'

/** The message as a JWS over canonical JSON. RFC 7515, RFC 8785 */
export function signMessage(message: NoticeMessage, key: KeyObject): Jws {
  return signJws(message, TYPE, key)
}

/** Reads a signed message, whoever signed it: `verifiesWith` tells whether a key did. */
export function openMessage(
  bytes: Buffer,
):
  | ({ readonly kind: 'opened' } & SignedMessage)
  | { readonly kind: 'malformed'; readonly reason: MessageFault } {
  const opened = openJws(bytes, { typ: TYPE, bytesMax: messageBytesMax, depthMax: DEPTH_MAX })
  if (opened.kind === 'malformed') return opened
  const parsed = noticeMessageSchema.safeParse(opened.payload)
  if (parsed.success) return { kind: 'opened', message: parsed.data, signed: opened.signed }
  return { kind: 'malformed', reason: isKnownType(opened.payload) ? 'schema' : 'kind' }
}

function isKnownType(payload: unknown): boolean {
  if (typeof payload !== 'object' || payload === null || !('type' in payload)) return false
  const { type } = payload
  return messageTypes.some((known) => known === type)
}

const TYPE = 'mimi-moderation-notice+jws'
/** A message and its lists. */
const DEPTH_MAX = 2
