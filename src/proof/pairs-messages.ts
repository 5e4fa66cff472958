import { parseMimiUri } from '../model/ids.ts'
import type { MlsMessageView } from '../wire/mls/header.ts'
import { senderOf } from './attest.ts'
import type { Captured, Scripted } from './capture-server.ts'
import type { Actor, Cast } from './cast.ts'
import type { Pair, Renaming } from './interference.ts'
import { fanoutOf, messageAccepted, messageOf, submissionOf } from './messages.ts'
import { hourOf } from './pair-kit.ts'
import type { Play } from './play.ts'
import type { View } from './scenario.ts'
import { inside } from './stage.ts'
import type { World } from './world.ts'

/** What a message shows of its time, its sender and its size, to followers and to the journal. */
export function messagePairs(world: World, cast: Cast): readonly Pair[] {
  return [
    ...[true, false].flatMap((tagged, at) => {
      const inHour = (hour: number) => ({ tagged, acceptedMs: hourOf(cast, 4 * at + hour) })
      return [
        timePair(cast, inHour(1)),
        arrivalPair(cast, inHour(2)),
        senderPair(world, cast, inHour(3)),
        sizePair(cast, inHour(4)),
      ]
    }),
    notifyTimePair(cast),
    frankPair(cast),
  ]
}

interface MessageCase {
  readonly tagged: boolean
  readonly acceptedMs: number
}

interface Sent {
  readonly message: MlsMessageView
  readonly sender: Actor
  readonly acceptedMs: number
}

/** Submitted by the peer, accepted, and fanned out to both followers. */
function sent(cast: Cast, { message, sender, acceptedMs }: Sent): Play {
  const { names, open } = cast
  const body = submissionOf(message, sender.user)
  const fanout = {
    ...inside(`fanout/${encodeURIComponent(open.room)}`, fanoutOf(message, acceptedMs)),
    headers: { 'postern-destinations': `${names.peer},${names.third}` },
  }
  return {
    steps: [
      {
        from: 'peer',
        domain: names.peer,
        operation: 'submitMessage',
        target: open.room,
        body,
        headers: senderOf({}),
      },
      fanout,
    ],
    upstream: () => messageAccepted(acceptedMs),
    peer: created,
  }
}

function viewsOf({ names, open }: Cast): readonly View[] {
  const shared = { room: open.room, reads: 'follower', asks: 'follower' } as const
  const notify = { ...shared, operation: 'notify', direction: 'egress' } as const
  return [
    {
      ...shared,
      operation: 'submitMessage',
      direction: 'ingress',
      other: names.peer,
      reads: 'hub',
    },
    { ...notify, other: names.peer },
    { ...notify, other: names.third },
  ]
}

/** Two times in one bucket. */
function timePair(cast: Cast, { tagged, acceptedMs }: MessageCase): Pair {
  const sender = cast.bob
  const [left, right] = twice(cast, tagged).map((message, at) =>
    sent(cast, { message, sender, acceptedMs: acceptedMs + (at === 0 ? 111 : 888) }),
  )
  return {
    name: `submitMessage and notify${named(tagged)}: one time or another of a second`,
    field: 'message.time',
    part: 'both',
    alikeUpTo: 'bucket',
    views: viewsOf(cast),
    ...sides(left, right),
    // Our own delivery service has said the time; that it is the hub’s clock is beside it.
    only: ['answer', 'peer', 'third', 'log', 'metrics'],
  }
}

/** The journal says no finer when it happened than when it was accepted. */
function arrivalPair(cast: Cast, { tagged, acceptedMs }: MessageCase): Pair {
  const { bob: sender } = cast
  const [left, right] = twice(cast, tagged).map((message) =>
    sent(cast, { message, sender, acceptedMs }),
  )
  return {
    name: `submitMessage and notify${named(tagged)}: now or a little later`,
    field: 'message.time',
    part: 'both',
    alikeUpTo: 'bucket',
    views: viewsOf(cast),
    ...sides(left, right),
    only: ['journal'],
    laterMs: 700,
  }
}

/** The same message of one member or another. */
function senderPair(world: World, cast: Cast, { tagged, acceptedMs }: MessageCase): Pair {
  const { bob, bea } = cast
  const frankingTag = tagged ? cast.randomness(32) : undefined
  const [one, two] = twice(cast, tagged, frankingTag)
  const play = (message: MlsMessageView | undefined, sender: Actor) =>
    message === undefined ? undefined : sent(cast, { message, sender, acceptedMs })
  const franks = [bob, bea].map((sender) =>
    franksOf(world, { cast, sender, frankingTag, acceptedMs }),
  )
  return {
    name: `submitMessage and notify${named(tagged)}: one sender or another`,
    field: 'sender.user',
    part: 'request',
    alikeUpTo: 'pseudonym-peer',
    views: viewsOf(cast),
    ...sides(play(one, bob), play(two, bea)),
    renaming: [
      { left: franks[0] ?? [], right: franks[1] ?? [] },
      { left: [Buffer.from(bob.user)], right: [Buffer.from(bea.user)] },
    ],
    only: ['third', 'journal', 'log', 'metrics'],
  }
}

/** Two lengths in one bucket. */
function sizePair(cast: Cast, { tagged, acceptedMs }: MessageCase): Pair {
  const [left, right] = [40, 47].map((bytes) => {
    const frankingTag = tagged ? cast.randomness(32) : undefined
    const content = cast.randomness(bytes)
    const message = messageOf(cast.groups.bob, { content, frankingTag, padTo: 1 })
    return sent(cast, { message, sender: cast.bob, acceptedMs })
  })
  return {
    name: `submitMessage${named(tagged)}: one length or another`,
    field: 'message.size',
    part: 'request',
    alikeUpTo: 'bucket',
    views: viewsOf(cast),
    ...sides(left, right),
    only: ['journal', 'log', 'metrics'],
  }
}

/** Two times in one minute, where nothing is bound to them. */
function notifyTimePair(cast: Cast): Pair {
  const message = messageOf(cast.groups.bob, {
    content: cast.randomness(64),
    frankingTag: undefined,
  })
  const { view, told } = notification(cast)
  const minute = hourOf(cast, 0)
  return {
    name: 'notify in: one time or another of a minute',
    field: 'message.time',
    part: 'request',
    alikeUpTo: 'bucket',
    views: [view],
    left: told(fanoutOf(message, minute + 1_111)),
    right: told(fanoutOf(message, minute + 55_555)),
  }
}

/** A frank that the suite does not show us, or none. */
function frankPair(cast: Cast): Pair {
  const message = messageOf(cast.groups.bob, {
    content: cast.randomness(64),
    frankingTag: undefined,
  })
  const { view, told } = notification(cast)
  const frank = {
    serverFrank: cast.randomness(32),
    frankingSignatureCiphersuite: 1,
    frankingIntegritySignature: cast.randomness(64),
  }
  const timestampMs = hourOf(cast, 0)
  return {
    name: 'notify in: a frank or none',
    field: 'message.frank',
    part: 'request',
    alikeUpTo: 'absent',
    views: [view],
    left: told(fanoutOf(message, timestampMs, frank)),
    right: told(fanoutOf(message, timestampMs)),
  }
}

function notification({ names, maker }: Cast) {
  const room = `mimi://${names.peer}/r/${maker.word('room')}`
  const view: View = {
    operation: 'notify',
    direction: 'ingress',
    other: names.peer,
    room,
    reads: 'follower',
    asks: 'hub',
  }
  const told = (body: Buffer): Play => ({
    steps: [{ from: 'peer', domain: names.peer, operation: 'notify', target: room, body }],
    upstream: created,
  })
  return { view, told }
}

/** One message for both sides. */
function twice(
  { groups, randomness }: Cast,
  tagged: boolean,
  frankingTag = tagged ? randomness(32) : undefined,
): readonly MlsMessageView[] {
  const message = messageOf(groups.bob, { content: randomness(64), frankingTag })
  return [message, message]
}

function sides(left: Play | undefined, right: Play | undefined): Pick<Pair, 'left' | 'right'> {
  if (left === undefined || right === undefined) throw new TypeError('expected two sides')
  return { left, right }
}

interface Franked {
  readonly cast: Cast
  readonly sender: Actor
  readonly frankingTag: Buffer | undefined
  readonly acceptedMs: number
}

/** To all but the hub a frank is random; it hides whose it is. */
function franksOf(
  { parts }: World,
  { cast, sender, frankingTag, acceptedMs }: Franked,
): Renaming['left'] {
  if (frankingTag === undefined) return []
  const room = parseMimiUri(cast.open.room, 'room')
  const user = parseMimiUri(sender.user, 'user')
  return [1, 1_000, 60_000].flatMap((widthMs) => {
    const timestampMs = acceptedMs - (acceptedMs % widthMs)
    const stamp = { room, sender: user, frankingTag, timestampMs }
    const { serverFrank, signature } = parts.frankingAgent(1).stamp(stamp)
    return [serverFrank, signature]
  })
}

function named(tagged: boolean): string {
  return tagged ? '' : ', no tag'
}

function created(_request: Captured): Scripted {
  return { status: 201, body: Buffer.alloc(0) }
}
