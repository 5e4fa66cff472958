import type { RawRequest, RawResponse, Refusal } from '../../model/adapter.ts'
import type { UpdateOutcome } from '../../model/answer.ts'
import { GatewayError } from '../../model/errors.ts'
import type { FramedMessage, Handshake, UpdateExchange } from '../../model/exchange.ts'
import { parseMimiUri } from '../../model/ids.ts'
import { encode } from '../../wire/codec.ts'
import {
  updateRequestCodec,
  updateRoomResponseCodec,
  type UpdateRequest,
  type UpdateRoomResponse,
} from '../../wire/mimi/update.ts'
import { framedMessageOf, type MlsMessageView } from '../../wire/mls/header.ts'
import { withLengthPrefix } from '../../wire/vector-span.ts'
import { decodeAnswer, decodeBody, exchangeBase, onWireError, timestampMs } from './decode.ts'

/** Throws `malformed-body`, `invalid-uri`, `wrong-message-kind`. draft-ietf-mimi-protocol-06 §5.3 */
export function parseUpdate(request: RawRequest): UpdateExchange {
  refuseOtherMessages(request)
  const bundle = decodeBody(updateRequestCodec, request)
  return {
    ...exchangeBase(request),
    operation: 'update',
    room: parseMimiUri(request.target, 'room'),
    handshake: handshakeOf(bundle, request.bytes),
  }
}

/** Throws `upstream-invalid`. */
export function parseUpdateAnswer(response: RawResponse): UpdateOutcome {
  const answer = decodeAnswer(updateRoomResponseCodec, response)
  const { errorDescription } = answer
  switch (answer.responseCode) {
    case 'success': {
      const acceptedTimestampMs = timestampMs(answer.acceptedTimestamp)
      return { kind: 'success', acceptedTimestampMs, errorDescription }
    }
    case 'wrongEpoch':
      return { kind: 'wrongEpoch', currentEpoch: answer.currentEpoch, errorDescription }
    case 'notAllowed':
      return { kind: 'notAllowed', errorDescription }
    case 'invalidProposal':
      return { kind: 'invalidProposal', proposals: answer.invalidProposals, errorDescription }
  }
}

/** The whole answer: the codec is strict, so what did not change has its original bytes. */
export function encodeUpdateAnswer(outcome: UpdateOutcome): Buffer {
  return encode(updateRoomResponseCodec, responseStruct(outcome))
}

export function refuseUpdate(refusal: Refusal): UpdateOutcome | undefined {
  const errorDescription = ''
  switch (refusal.kind) {
    case 'not-allowed':
      return { kind: 'notAllowed', errorDescription }
    case 'wrong-epoch':
      return { kind: 'wrongEpoch', currentEpoch: refusal.currentEpoch, errorDescription }
    case 'invalid-proposal':
      return { kind: 'invalidProposal', proposals: refusal.proposals, errorDescription }
    case 'no-such-room':
      return undefined
  }
}

/** A sound MLSMessage of another kind deserves a better answer than `malformed-body`. */
function refuseOtherMessages({ bytes }: RawRequest): void {
  const format = bytes.length >= 4 ? bytes.readUInt16BE(2) : PUBLIC_MESSAGE
  if (format > PUBLIC_MESSAGE && format <= KEY_PACKAGE) throw new GatewayError('wrong-message-kind')
}

function handshakeOf(bundle: UpdateRequest, body: Buffer): Handshake {
  const first = framed(bundle.proposalOrCommit)
  if (bundle.kind === 'proposal')
    return { kind: 'proposals', proposals: [first, ...bundle.moreProposals.map(proposal)] }
  const { welcome, groupInfoOption, ratchetTreeOption } = bundle
  return {
    kind: 'commit',
    commit: first,
    welcome: welcome?.bytes,
    welcomeRefs: welcome?.value.secrets.map(({ newMember }) => newMember) ?? [],
    groupInfo:
      groupInfoOption.representation === 'full' ? groupInfoOption.groupInfo.bytes : undefined,
    ratchetTree:
      ratchetTreeOption.representation === 'full'
        ? withLengthPrefix(ratchetTreeOption.ratchetTree, body)
        : undefined,
  }
}

function proposal(message: MlsMessageView): FramedMessage {
  const { header } = message
  if (header.kind !== 'public' || header.contentType !== 'proposal')
    throw new GatewayError('wrong-message-kind')
  return framed(message)
}

function framed(message: MlsMessageView): FramedMessage {
  return onWireError('malformed-body', () => framedMessageOf(message))
}

function responseStruct(outcome: UpdateOutcome): UpdateRoomResponse {
  const { errorDescription } = outcome
  switch (outcome.kind) {
    case 'success': {
      const acceptedTimestamp = BigInt(outcome.acceptedTimestampMs)
      return { responseCode: 'success', errorDescription, acceptedTimestamp }
    }
    case 'wrongEpoch':
      return { responseCode: 'wrongEpoch', errorDescription, currentEpoch: outcome.currentEpoch }
    case 'notAllowed':
      return { responseCode: 'notAllowed', errorDescription }
    case 'invalidProposal': {
      const invalidProposals = outcome.proposals
      return { responseCode: 'invalidProposal', errorDescription, invalidProposals }
    }
  }
}

const PUBLIC_MESSAGE = 1
const KEY_PACKAGE = 5
