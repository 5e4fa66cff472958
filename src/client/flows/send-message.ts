import { decode, encode } from '../../wire/codec.ts'
import type { ContentPart } from '../../wire/cbor/content-part.ts'
import {
  submitMessageRequestCodec,
  submitMessageResponseCodec,
} from '../../wire/mimi/submit-message.ts'
import { composeMessage, isFrankOf, type FrankEvidence } from '../mimi/franked-message.ts'
import { privateView } from '../mimi/handshake.ts'
import type { PaddingFor } from '../mls/private-framing.ts'
import type { ClientRoom, ClientState } from './client-state.ts'

export interface OutgoingMessage {
  readonly body: ContentPart
  /** The id of the message that this one answers. */
  readonly inReplyTo?: Buffer
  /** The id of the message that this one replaces. */
  readonly replaces?: Buffer
}

export type SendOutcome =
  | {
      readonly kind: 'accepted'
      readonly messageId: Buffer
      readonly acceptedTimestampMs: number
      /** Undefined where the hub gave no frank, or one that is not its own. */
      readonly evidence: FrankEvidence | undefined
    }
  | { readonly kind: 'not-allowed' }
  | { readonly kind: 'epoch-too-old'; readonly currentEpoch: bigint }

/** Encrypts, submits and keeps the hub's frank. draft-ietf-mimi-protocol-06 §5.4 */
export async function sendMessage(
  { provider, randomness }: ClientState,
  { uri: roomUri, group, participant: senderUri }: ClientRoom,
  message: OutgoingMessage,
): Promise<SendOutcome> {
  const epoch = group.current
  const composed = composeMessage({ senderUri, roomUri }, message, randomness)
  const { applicationData, authenticatedData, messageId } = composed
  const appMessage = privateView(
    group.protect(applicationData, { authenticatedData, paddingFor: toSizeClass }),
  )
  const request = { protocol: 'mls10', appMessage, sendingUri: senderUri } as const
  const body = encode(submitMessageRequestCodec, request)
  const answer = decode(
    submitMessageResponseCodec,
    await provider.operation('submitMessage', roomUri, body),
  )
  switch (answer.statusCode) {
    case 'accepted': {
      const { acceptedTimestamp, frank } = answer
      const claim = frank && { applicationData, frank, acceptedTimestamp, senderUri, roomUri }
      return {
        kind: 'accepted',
        messageId,
        acceptedTimestampMs: Number(acceptedTimestamp),
        evidence: claim !== undefined && isFrankOf(epoch, claim) ? claim : undefined,
      }
    }
    case 'notAllowed':
      return { kind: 'not-allowed' }
    case 'epochTooOld':
      return { kind: 'epoch-too-old', currentEpoch: answer.currentEpoch }
  }
}

/** Ciphertexts come in three sizes, and above them in multiples of the largest. */
export const toSizeClass: PaddingFor = (bytes) => {
  const fit = SIZE_CLASSES.find((size) => size >= bytes)
  return fit === undefined ? (LARGEST - (bytes % LARGEST)) % LARGEST : fit - bytes
}

const LARGEST = 4_096
const SIZE_CLASSES = [256, 1_024, LARGEST]
