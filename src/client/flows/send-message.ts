import { decode, encode } from '../../wire/codec.ts'
import type { ContentPart } from '../../wire/cbor/content-part.ts'
import {
  submitMessageRequestCodec,
  submitMessageResponseCodec,
} from '../../wire/mimi/submit-message.ts'
import { operationalParametersCodec } from '../../wire/mimi/operational-policy.ts'
import { componentData, componentIds } from '../../wire/mls/app-data.ts'
import { composeMessage, isFrankOf, type FrankEvidence } from '../mimi/franked-message.ts'
import { privateView } from '../mimi/handshake.ts'
import { appDataDictionary } from '../mls/dictionary.ts'
import type { PaddingFor } from '../mls/private-framing.ts'
import { ClientError } from '../errors.ts'
import type { ClientRoom, ClientState, UnnamedSender } from './client-state.ts'
import { commitWaiting, type Readiness } from './commit-waiting.ts'

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

/**
 * Encrypts, submits and keeps the hub's frank. Where the hub takes no names it says so, and the message
 * goes under a pseudonym of the epoch. What waits is committed first, unless we write under such a
 * pseudonym: the commit would show the hub who follows it. draft-ietf-mimi-protocol-06 §5.4
 */
export async function sendMessage(
  state: ClientState,
  room: ClientRoom,
  message: OutgoingMessage,
): Promise<SendOutcome> {
  for (let attempt = 1; ; attempt += 1) {
    const sender = await state.unnamed.senderFor(room.uri)
    const readiness = sender === undefined ? await commitWaiting(state, room) : READY
    if (readiness.kind !== 'ready') return readiness
    try {
      const outcome = await submit(state, { room, sender, message })
      if (outcome.kind === 'accepted') sender?.accepted()
      return outcome
    } catch (error) {
      const unproven = unprovenIn(error)
      if (unproven !== undefined && unproven > room.group.context.epoch)
        return { kind: 'epoch-too-old', currentEpoch: unproven }
      const challenge = challengeOf(error)
      const isAnswerable = unproven !== undefined || challenge !== undefined
      if (!isAnswerable || attempt === ATTEMPTS_MAX) throw error
      sender?.unproven()
      if (challenge !== undefined)
        await state.unnamed.obtain(room.uri, challenge.header, challenge.mode)
    }
  }
}

interface Submission {
  readonly room: ClientRoom
  readonly sender: UnnamedSender | undefined
  readonly message: OutgoingMessage
}

async function submit(
  { provider, randomness }: ClientState,
  { room: { uri: roomUri, group, participant }, sender, message }: Submission,
): Promise<SendOutcome> {
  const senderUri = sender?.uri ?? participant
  const epoch = group.current
  const composed = composeMessage({ senderUri, roomUri }, message, randomness)
  const { applicationData, authenticatedData, messageId } = composed
  const appMessage = privateView(
    group.protect(applicationData, { authenticatedData, paddingFor: paddingIn(group) }),
  )
  const request = { protocol: 'mls10', appMessage, sendingUri: senderUri } as const
  const body = encode(submitMessageRequestCodec, request)
  const answer = decode(
    submitMessageResponseCodec,
    await provider.submitMessage(roomUri, body, sender?.prove(appMessage.bytes, epoch)),
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

/** What a hub wants instead of a name; undefined for every other fault. */
function challengeOf(error: unknown) {
  if (!(error instanceof ClientError) || error.problem !== 'sender-token-required') return undefined
  const { challenge: header, tier } = error
  if (header === undefined) return undefined
  const mode = tier === 'message-token' ? tier : 'epoch-pseudonym'
  return { header, mode } as const
}

/** The epoch of the room for which a hub wants to see that we are a member. */
function unprovenIn(error: unknown): bigint | undefined {
  const isIt = error instanceof ClientError && error.problem === 'membership-unproven'
  return isIt ? error.currentEpoch : undefined
}

/** The size classes, in multiples of what the room's policy pads to. */
function paddingIn({ context }: ClientRoom['group']): PaddingFor {
  const dictionary = appDataDictionary(context.extensions)
  const data = componentData(dictionary, componentIds.operationalPolicy)
  if (data === undefined) return toSizeClass
  const { padToSize } = decode(operationalParametersCodec, data).appMessagePolicy
  return (bytes) => paddedBy(bytes, padToSize)
}

/** How much padding makes a size class that is a multiple of `padToSize` too. */
function paddedBy(bytes: number, padToSize: number): number {
  const unit = Math.max(1, padToSize)
  let size = bytes + toSizeClass(bytes)
  // A size that both divide comes within `unit` steps; above the bound the room's own size is enough.
  for (let steps = 0; size % unit !== 0; steps++) {
    if (steps === STEPS_MAX) return (unit - (bytes % unit)) % unit
    size += SMALLEST
  }
  return size - bytes
}

/** Ciphertexts come in three sizes, and above them in multiples of the largest. */
export const toSizeClass: PaddingFor = (bytes) => {
  const fit = SIZE_CLASSES.find((size) => size >= bytes)
  return fit === undefined ? (LARGEST - (bytes % LARGEST)) % LARGEST : fit - bytes
}

const READY: Readiness = { kind: 'ready' }
const SMALLEST = 256
const LARGEST = 4_096
const SIZE_CLASSES = [SMALLEST, 1_024, LARGEST]
/** Not more than 64 KiB of padding for both. */
const STEPS_MAX = 256
/** By name, under a pseudonym without a certificate, with one, and with a proof that was forgotten. */
const ATTEMPTS_MAX = 4
