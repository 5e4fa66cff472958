import { encode } from '../wire/codec.ts'
import { fanoutMessageCodec } from '../wire/mimi/fanout.ts'
import type { Frank } from '../wire/mimi/franking.ts'
import {
  submitMessageRequestCodec,
  submitMessageResponseCodec,
} from '../wire/mimi/submit-message.ts'
import { componentIds } from '../wire/mls/app-data.ts'
import type { MlsMessageView } from '../wire/mls/header.ts'
import { safeAadCodec } from '../wire/mls/safe-aad.ts'
import { privateView } from '../client/mimi/handshake.ts'
import type { MlsGroup } from '../client/mls/mls-group.ts'
import type { Scripted } from './capture-server.ts'

export interface MessageParts {
  /** What is encrypted. */
  readonly content: Buffer
  /** 32 octets; undefined: a message that cannot be franked. */
  readonly frankingTag: Buffer | undefined
  /** Its id outside the ciphertext. */
  readonly messageId?: Buffer | undefined
  /** Octets of the ciphertext are a multiple of it. */
  readonly padTo?: number
}

/** An application message of a member. Every call is another message. */
export function messageOf(
  group: MlsGroup,
  { content, frankingTag, messageId, padTo = PAD }: MessageParts,
): MlsMessageView {
  const aadItems = [
    ...(frankingTag === undefined
      ? []
      : [{ componentId: componentIds.frankAad, data: frankingTag }]),
    ...(messageId === undefined ? [] : [{ componentId: componentIds.messageId, data: messageId }]),
  ]
  const authenticatedData =
    aadItems.length === 0 ? Buffer.alloc(0) : encode(safeAadCodec, { aadItems })
  const paddingFor = (bytes: number) => (padTo - (bytes % padTo)) % padTo
  return privateView(group.protect(content, { authenticatedData, paddingFor }))
}

/** The body of `submitMessage`. */
export function submissionOf(appMessage: MlsMessageView, sendingUri: string): Buffer {
  return encode(submitMessageRequestCodec, { protocol: 'mls10', appMessage, sendingUri })
}

/** What a delivery service hands to the fan-out, or a hub to a follower. */
export function fanoutOf(message: MlsMessageView, timestampMs: number, frank?: Frank): Buffer {
  const timestamp = BigInt(timestampMs)
  return encode(fanoutMessageCodec, { kind: 'application', timestamp, message, frank })
}

/** A delivery service took a message, as the `sequence`th of its room. */
export function messageAccepted(acceptedMs: number, sequence = 1): Scripted {
  const answer = {
    protocol: 'mls10',
    statusCode: 'accepted',
    acceptedTimestamp: BigInt(acceptedMs),
    frank: undefined,
  } as const
  return {
    status: 200,
    body: encode(submitMessageResponseCodec, answer),
    headers: { 'postern-room-sequence': String(sequence) },
  }
}

/** Every size class of our clients, and every bucket of our suites, is a multiple of it. */
const PAD = 256
