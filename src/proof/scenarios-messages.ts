import { parseMimiUri } from '../model/ids.ts'
import { attestedDelivery } from './attest.ts'
import type { Captured, Scripted } from './capture-server.ts'
import type { Actor, Cast } from './cast.ts'
import { markTime } from './mark-time.ts'
import { fanoutOf, messageAccepted, messageOf, submissionOf } from './messages.ts'
import { STEP_MS } from './play.ts'
import { marksOf, type Marks, type Scenario } from './scenario.ts'
import { inside } from './stage.ts'
import { askedScenario, fromInside, fromPeer, type Place } from './steps.ts'
import type { World } from './world.ts'
import type { MlsGroup } from '../client/mls/mls-group.ts'

/** submitMessage and notify, in and out. */
export function messageScenarios(world: World, cast: Cast): readonly Scenario[] {
  const { groups } = cast
  const senders = [
    { sender: cast.alice, group: groups.alice },
    { sender: cast.bob, group: groups.bob },
  ]
  return [
    ...senders.flatMap((sent) =>
      [true, false].flatMap((tagged) =>
        [true, false].map((named) => accepted(world, cast, { ...sent, tagged, named })),
      ),
    ),
    unknownSender(cast),
    ...[true, false].map((tagged) => submitted(cast, tagged)),
    ...[true, false].map((tagged) => notified(world, cast, tagged)),
  ]
}

interface SentBy {
  readonly sender: Actor
  readonly group: MlsGroup
  /** Whether it has a franking tag, or a message id, outside the ciphertext. */
  readonly tagged: boolean
  readonly named: boolean
}

/** A message for a room of ours: submitted, accepted, fanned out to both followers. */
function accepted(world: World, cast: Cast, { sender, group, tagged, named }: SentBy): Scenario {
  const { names, open } = cast
  const request = marksOf(cast, 'request')
  const both = marksOf(cast, 'both')
  const form = cast.pseudonymous ? 'pseudonym-room' : 'exact'
  request.put('sender', 'sender.user', { value: sender.user, form })
  request.put('room', 'room.id', open.room)
  const { message, frankingTag } = markedMessage(group, request, { tagged, named })
  const acceptedMs = cast.nowMs + 7_437
  markTime(both, acceptedMs)
  const taken = marksOf(cast, 'response')
  const takenMs = cast.nowMs + 8_111
  markTime(taken, takenMs, 'delivery.time')
  const place: Place = {
    operation: 'submitMessage',
    target: open.room,
    body: submissionOf(message, sender.user),
  }
  const isOurs = sender.provider === names.self
  const first = isOurs ? fromInside(place, request) : fromPeer(names.peer, place, request)
  const fanout = {
    ...inside(`fanout/${encodeURIComponent(open.room)}`, fanoutOf(message, acceptedMs)),
    headers: { 'postern-destinations': `${names.peer},${names.third}` },
  }
  const shared = { room: open.room, reads: 'follower', asks: 'follower' } as const
  const notify = { ...shared, operation: 'notify', direction: 'egress' } as const
  return {
    name: `submitMessage ${isOurs ? 'own' : 'in'} and notify out${tagged ? '' : ', no tag'}${named ? ', with id' : ''}`,
    views: [
      {
        ...shared,
        operation: 'submitMessage',
        direction: 'ingress',
        other: isOurs ? undefined : names.peer,
        reads: 'hub',
      },
      { ...notify, other: names.peer },
      { ...notify, other: names.third },
    ],
    play: {
      steps: [first, fanout],
      upstream: () => messageAccepted(acceptedMs),
      peer: (asked) => ({ ...created(asked), headers: attestedDelivery(takenMs) }),
    },
    canaries: [...request.all, ...both.all, ...taken.all],
    later: () => frankCanaries(world, { cast, sender, frankingTag }),
  }
}

/** Somebody who is in no room of ours. */
function unknownSender(cast: Cast): Scenario {
  const { names, open, groups } = cast
  const request = marksOf(cast, 'request')
  const { message } = markedMessage(groups.bob, request, { tagged: true, named: false })
  const stranger = `mimi://${names.peer}/u/${request.word('stranger', [])}`
  return askedScenario({
    name: 'submitMessage in, of a stranger',
    view: {
      operation: 'submitMessage',
      direction: 'ingress',
      other: names.peer,
      room: open.room,
      reads: 'hub',
      asks: 'follower',
    },
    place: { operation: 'submitMessage', target: open.room, body: submissionOf(message, stranger) },
    answer: () => messageAccepted(cast.nowMs),
    request,
    response: marksOf(cast, 'response'),
  })
}

/** A message of ours for a room of another hub. */
function submitted(cast: Cast, tagged: boolean): Scenario {
  const { names, groups } = cast
  const request = marksOf(cast, 'request')
  const response = marksOf(cast, 'response')
  const room = `mimi://${names.peer}/r/${request.word('room', 'room.id')}`
  const sendingUri = `mimi://${names.self}/u/${request.word('sender', 'sender.user', cast.pseudonymous ? 'pseudonym-room' : 'exact')}`
  const { message } = markedMessage(groups.alice, request, { tagged, named: false })
  return askedScenario({
    name: `submitMessage out${tagged ? '' : ', no tag'}`,
    view: {
      operation: 'submitMessage',
      direction: 'egress',
      other: names.peer,
      room,
      reads: 'hub',
      asks: 'follower',
    },
    place: { operation: 'submitMessage', target: room, body: submissionOf(message, sendingUri) },
    answer: () => messageAccepted(cast.nowMs),
    request,
    response,
  })
}

/** What another hub fans out to us; a tagged message with its frank and in whole buckets of time. */
function notified(world: World, cast: Cast, tagged: boolean): Scenario {
  const { names, groups, randomness } = cast
  const request = marksOf(cast, 'request')
  const room = `mimi://${names.peer}/r/${request.word('room', 'room.id')}`
  const { message } = markedMessage(groups.bob, request, { tagged, named: false })
  const exactMs = cast.nowMs + 9_123
  if (!tagged) markTime(request, exactMs)
  const frank = {
    serverFrank: request.octets('frank', 'message.frank', 32),
    frankingSignatureCiphersuite: 1,
    frankingIntegritySignature: randomness(64),
  }
  const timestampMs = tagged ? exactMs - (exactMs % WHOLE_MS) : exactMs
  const scenario = askedScenario({
    name: `notify in${tagged ? '' : ', no tag'}`,
    view: {
      operation: 'notify',
      direction: 'ingress',
      other: names.peer,
      room,
      reads: 'follower',
      asks: 'hub',
    },
    place: { operation: 'notify', target: room, body: fanoutOf(message, timestampMs, frank) },
    answer: created,
    request,
    response: marksOf(cast, 'response'),
  })
  return { ...scenario, later: () => takenCanaries(world, cast) }
}

/** When our delivery service took it: where the time of the message is shown, so may this one be. */
function takenCanaries(world: World, cast: Cast) {
  const response = marksOf(cast, 'both')
  markTime(response, world.now() - STEP_MS, ['delivery.time', 'message.time'])
  return response.all
}

interface Tagged {
  readonly tagged: boolean
  readonly named: boolean
}

function markedMessage(group: MlsGroup, marks: Marks, { tagged, named }: Tagged) {
  const content = marks.unknown('content')
  const frankingTag = tagged ? marks.octets('franking tag', 'message.frankingTag', 32) : undefined
  const messageId = named ? marks.octets('message id', 'message.id', 32) : undefined
  return { message: messageOf(group, { content, frankingTag, messageId }), frankingTag }
}

interface Franked {
  readonly cast: Cast
  readonly sender: Actor
  readonly frankingTag: Buffer | undefined
}

/** The frank that the gateway made, or would have made: it is known only with the time that was shown. */
function frankCanaries(world: World, { cast, sender, frankingTag }: Franked) {
  const both = marksOf(cast, 'both')
  if (frankingTag === undefined) return both.all
  const room = parseMimiUri(cast.open.room, 'room')
  const stamp = { room, sender: parseMimiUri(sender.user, 'user'), frankingTag }
  const agent = world.parts.frankingAgent(1)
  for (const widthMs of [1, 1_000, 60_000]) {
    const exactMs = cast.nowMs + 7_437
    const timestampMs = exactMs - (exactMs % widthMs)
    const { serverFrank, signature } = agent.stamp({ ...stamp, timestampMs })
    both.put('frank', 'message.frank', serverFrank)
    both.put('frank', 'message.frank', signature)
  }
  return both.all
}

function created(_request: Captured): Scripted {
  return { status: 201, body: Buffer.alloc(0) }
}

const WHOLE_MS = 60_000
