import type { RawRequest, RawResponse, Refusal } from '../../model/adapter.ts'
import type { SubmitMessageOutcome } from '../../model/answer.ts'
import { GatewayError } from '../../model/errors.ts'
import type { Frank, SubmitMessageExchange } from '../../model/exchange.ts'
import { parseMimiUri } from '../../model/ids.ts'
import { encode } from '../../wire/codec.ts'
import type { Frank as FrankStruct } from '../../wire/mimi/franking.ts'
import {
  submitMessageRequestCodec,
  submitMessageResponseCodec,
  type SubmitMessageResponse,
} from '../../wire/mimi/submit-message.ts'
import { framedMessageOf } from '../../wire/mls/header.ts'
import { decodeAnswer, decodeBody, exchangeBase, onWireError, timestampMs } from './decode.ts'

/** Throws `malformed-body`, `invalid-uri`, `wrong-message-kind`. draft-ietf-mimi-protocol-06 §5.4 */
export function parseSubmitMessage(request: RawRequest): SubmitMessageExchange {
  const { appMessage, sendingUri } = decodeBody(submitMessageRequestCodec, request)
  const { header } = appMessage
  if (header.kind !== 'private' || header.contentType !== 'application')
    throw new GatewayError('wrong-message-kind')
  return {
    ...exchangeBase(request),
    operation: 'submitMessage',
    room: parseMimiUri(request.target, 'room'),
    sender: parseMimiUri(sendingUri, 'user'),
    message: onWireError('malformed-body', () => framedMessageOf(appMessage)),
  }
}

/** Throws `upstream-invalid`. */
export function parseSubmitMessageAnswer(response: RawResponse): SubmitMessageOutcome {
  const answer = decodeAnswer(submitMessageResponseCodec, response)
  switch (answer.statusCode) {
    case 'accepted':
      return {
        kind: 'accepted',
        acceptedTimestampMs: timestampMs(answer.acceptedTimestamp),
        frank: answer.frank === undefined ? undefined : modelFrank(answer.frank),
      }
    case 'notAllowed':
      return { kind: 'notAllowed' }
    case 'epochTooOld':
      return { kind: 'epochTooOld', currentEpoch: answer.currentEpoch }
  }
}

/** The whole answer: the codec is strict, so what did not change has its original bytes. */
export function encodeSubmitMessageAnswer(outcome: SubmitMessageOutcome): Buffer {
  return encode(submitMessageResponseCodec, responseStruct(outcome))
}

export function refuseSubmitMessage(refusal: Refusal): SubmitMessageOutcome | undefined {
  switch (refusal.kind) {
    case 'not-allowed':
    case 'invalid-proposal':
      return { kind: 'notAllowed' }
    case 'wrong-epoch':
      return { kind: 'epochTooOld', currentEpoch: refusal.currentEpoch }
    case 'no-such-room':
      return undefined
  }
}

/** The frank as the wire names its fields. */
export function wireFrank(frank: Frank): FrankStruct {
  return {
    serverFrank: frank.serverFrank,
    frankingSignatureCiphersuite: frank.ciphersuite,
    frankingIntegritySignature: frank.signature,
  }
}

/** The frank as the model names its fields. */
export function modelFrank(frank: FrankStruct): Frank {
  return {
    serverFrank: frank.serverFrank,
    ciphersuite: frank.frankingSignatureCiphersuite,
    signature: frank.frankingIntegritySignature,
  }
}

function responseStruct(outcome: SubmitMessageOutcome): SubmitMessageResponse {
  const protocol = 'mls10'
  switch (outcome.kind) {
    case 'accepted':
      return {
        protocol,
        statusCode: 'accepted',
        acceptedTimestamp: BigInt(outcome.acceptedTimestampMs),
        frank: outcome.frank === undefined ? undefined : wireFrank(outcome.frank),
      }
    case 'notAllowed':
      return { protocol, statusCode: 'notAllowed' }
    case 'epochTooOld':
      return { protocol, statusCode: 'epochTooOld', currentEpoch: outcome.currentEpoch }
  }
}
