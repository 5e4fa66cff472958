import type { RawRequest, RawResponse, Refusal } from '../../model/adapter.ts'
import type { GroupInfoOutcome } from '../../model/answer.ts'
import { GatewayError } from '../../model/errors.ts'
import type { GroupInfoExchange } from '../../model/exchange.ts'
import { parseMimiUri } from '../../model/ids.ts'
import { encode } from '../../wire/codec.ts'
import {
  groupInfoRequestCodec,
  groupInfoResponseCodec,
  type GroupInfoResponse,
} from '../../wire/mimi/group-info.ts'
import { decodeAnswer, decodeBody, exchangeBase } from './decode.ts'
import { credentialUser } from './identity.ts'

/** The joining code stays in the bytes. Throws `malformed-body`, `invalid-uri`. draft-ietf-mimi-protocol-06 §5.6 */
export function parseGroupInfo(request: RawRequest): GroupInfoExchange {
  const { requestingCredential } = decodeBody(groupInfoRequestCodec, request)
  return {
    ...exchangeBase(request),
    operation: 'groupInfo',
    room: parseMimiUri(request.target, 'room'),
    requester: credentialUser(requestingCredential),
    pseudonymous: requestingCredential.kind === 'pseudonymous',
  }
}

/**
 * A GroupInfoResponse, sealed and signed; or the 403 and 404 without a body with which a delivery
 * service says no. Throws `upstream-invalid`, also where the answer is about another room.
 */
export function parseGroupInfoAnswer(
  exchange: GroupInfoExchange,
  response: RawResponse,
): GroupInfoOutcome {
  if (response.status === 403) return { kind: 'notAuthorized' }
  if (response.status === 404) return { kind: 'noSuchRoom' }
  const { status, roomId } = decodeAnswer(groupInfoResponseCodec, response)
  if (!roomId.equals(Buffer.from(exchange.room))) throw new GatewayError('upstream-invalid')
  return { kind: status }
}

/** An answer that says no; a success is sealed for the client and can only be passed on. */
export function encodeGroupInfoRefusal(
  exchange: GroupInfoExchange,
  status: 'notAuthorized' | 'noSuchRoom',
): Buffer {
  const response: GroupInfoResponse = {
    version: 'mls10',
    roomId: Buffer.from(exchange.room),
    status,
  }
  return encode(groupInfoResponseCodec, response)
}

export function refuseGroupInfo(refusal: Refusal): GroupInfoOutcome | undefined {
  switch (refusal.kind) {
    case 'not-allowed':
      return { kind: 'notAuthorized' }
    case 'no-such-room':
      return { kind: 'noSuchRoom' }
    case 'wrong-epoch':
    case 'invalid-proposal':
      return undefined
  }
}
