import { toSizeClass } from '../src/client/flows/send-message.ts'
import type { Form } from '../src/model/metadata.ts'
import { decode } from '../src/wire/codec.ts'
import { fanoutMessageCodec, type FanoutMessage } from '../src/wire/mimi/fanout.ts'
import {
  submitMessageRequestCodec,
  submitMessageResponseCodec,
} from '../src/wire/mimi/submit-message.ts'
import { componentIds } from '../src/wire/mls/app-data.ts'
import { framedMessageOf, type MlsMessageView } from '../src/wire/mls/header.ts'
import { domainOf, doneBody, requestBytes, targetOf } from './crossed.ts'
import type { Eye } from './eye.ts'
import type { Crossing } from './recording.ts'
import {
  answerSighting,
  arrival,
  network,
  peerDomain,
  requestSighting,
  stamp,
  type Seen,
  type Sighting,
} from './sighting.ts'

/** submitMessage: the request to the hub, the hub's answer to the sender's provider. */
export function sightSubmission(crossing: Crossing, eye: Eye): readonly Sighting[] {
  const { appMessage, sendingUri } = decode(submitMessageRequestCodec, crossing.body)
  const request = requestSighting(crossing, 'hub', [
    peerDomain,
    { field: 'provider.domain', of: 'sender', form: 'exact' },
    ...messageFields(appMessage),
    arrival,
    { field: 'sender.user', form: eye.formOf(sendingUri) },
    { field: 'sender.client', form: eye.clientsIn(crossing.body) },
    network(crossing),
  ])
  const body = doneBody(crossing)
  if (body === undefined) return [request]
  const answer = decode(submitMessageResponseCodec, body)
  if (answer.statusCode !== 'accepted') return [request]
  const seen = [stamp(answer.acceptedTimestamp), frankField(answer.frank !== undefined)]
  return [request, answerSighting(crossing, 'follower', [peerDomain, ...seen])]
}

/** notify with an application message. The follower's question is who sent it. */
export function sightDelivery(
  crossing: Crossing,
  fanout: Extract<FanoutMessage, { kind: 'application' }>,
  eye: Eye,
): readonly Sighting[] {
  const bytes = requestBytes(crossing)
  return [
    requestSighting(crossing, 'follower', [
      peerDomain,
      { field: 'provider.domain', of: 'sender', form: senderDomain(crossing, eye) },
      ...messageFields(fanout.message),
      arrival,
      stamp(fanout.timestamp),
      frankField(fanout.frank !== undefined),
      { field: 'sender.user', form: eye.usersIn(bytes) },
      { field: 'sender.client', form: eye.clientsIn(bytes) },
      network(crossing),
    ]),
  ]
}

export function readFanout({ body }: Crossing): FanoutMessage {
  return decode(fanoutMessageCodec, body)
}

/** The frame of a PrivateMessage, which every provider on the way can read. */
function messageFields(message: MlsMessageView): readonly Seen[] {
  const { frankingTag, aadComponents, ciphertextBytes } = framedMessageOf(message)
  const hasId = aadComponents.includes(componentIds.messageId)
  return [
    { field: 'room.id', form: 'exact' },
    { field: 'group.epoch', form: 'exact' },
    { field: 'message.kind', form: 'exact' },
    { field: 'message.size', form: toSizeClass(ciphertextBytes) === 0 ? 'bucket' : 'exact' },
    { field: 'message.id', form: hasId ? 'exact' : 'absent' },
    { field: 'message.frankingTag', form: frankingTag === undefined ? 'absent' : 'exact' },
  ]
}

function frankField(isThere: boolean): Seen {
  return { field: 'message.frank', form: isThere ? 'exact' : 'absent' }
}

/** Any provider that the request names beside the hub and ourselves: it could only be the sender's. */
function senderDomain(crossing: Crossing, eye: Eye): Form {
  const own = new Set([crossing.to, crossing.from, domainOf(targetOf(crossing))])
  const named = eye.providersIn(requestBytes(crossing))
  return named.some((domain) => !own.has(domain)) ? 'exact' : 'absent'
}
