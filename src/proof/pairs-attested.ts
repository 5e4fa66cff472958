import type { FieldName } from '../model/metadata.ts'
import { senderOf, type SaidOfSender } from './attest.ts'
import type { Cast } from './cast.ts'
import type { Pair } from './interference.ts'
import { fanoutOf, messageAccepted, messageOf, submissionOf } from './messages.ts'
import { hourOf } from './pair-kit.ts'
import type { Play } from './play.ts'
import type { View } from './scenario.ts'
import { inside } from './stage.ts'

/** What is said of a sender, or of a delivery, beside the bytes of the protocol. */
export function attestedPairs(cast: Cast): readonly Pair[] {
  const said: readonly (readonly [FieldName, SaidOfSender, SaidOfSender])[] = [
    ['sender.organisation', { organisation: 'one' }, { organisation: 'two' }],
    ['sender.deviceClass', { deviceClass: 'managed' }, { deviceClass: 'personal' }],
    ['sender.country', { country: 'LI' }, { country: 'AT' }],
  ]
  const cases = said.flatMap(([field, left, right]) =>
    [true, false].map((tagged) => ({ field, left, right, tagged })),
  )
  return [
    ...cases.map((one, at) => submitted(cast, one, hourOf(cast, 9 + at))),
    ...cases.map((one) => handedOut(cast, one)),
    ...[true, false].map((tagged) => taken(cast, tagged)),
  ]
}

interface Said {
  readonly field: FieldName
  readonly left: SaidOfSender
  readonly right: SaidOfSender
}

interface SaidOfMessage extends Said {
  readonly tagged: boolean
}

/** Of a sender of the peer, in a room of ours. */
function submitted(cast: Cast, said: SaidOfMessage, acceptedMs: number): Pair {
  const { names, open, bob } = cast
  const body = submissionOf(anyMessage(cast, said.tagged), bob.user)
  const place = { operation: 'submitMessage', target: open.room, body } as const
  return {
    name: `submitMessage in${said.tagged ? '' : ', no tag'}: one ${said.field} or another`,
    ...differing(said, (sender) => ({
      steps: [{ from: 'peer', domain: names.peer, ...place, headers: senderOf(sender) }],
      upstream: () => messageAccepted(acceptedMs),
    })),
    views: [viewOf(cast, 'ingress', open.room)],
  }
}

/** Of a sender of ours, to another hub. */
function handedOut(cast: Cast, said: SaidOfMessage): Pair {
  const { names, maker, alice, nowMs } = cast
  const room = `mimi://${names.peer}/r/${maker.word('room')}`
  const body = submissionOf(anyMessage(cast, said.tagged), alice.user)
  const step = inside(`submitMessage/${encodeURIComponent(room)}`, body)
  return {
    name: `submitMessage out${said.tagged ? '' : ', no tag'}: one ${said.field} or another`,
    ...differing(said, (sender) => ({
      steps: [{ ...step, headers: senderOf(sender) }],
      peer: () => messageAccepted(nowMs),
    })),
    views: [viewOf(cast, 'egress', room)],
  }
}

function differing({ field, left, right }: Said, play: (sender: SaidOfSender) => Play) {
  const shared = { field, part: 'request', alikeUpTo: 'absent' } as const
  return { ...shared, left: play(left), right: play(right) }
}

/** When our delivery service took a notification. */
function taken(cast: Cast, tagged: boolean): Pair {
  const { names, maker } = cast
  const room = `mimi://${names.peer}/r/${maker.word('room')}`
  const body = fanoutOf(anyMessage(cast, tagged), hourOf(cast, 0))
  const play: Play = {
    steps: [{ from: 'peer', domain: names.peer, operation: 'notify', target: room, body }],
    upstream: () => ({ status: 201, body: Buffer.alloc(0) }),
  }
  return {
    name: `notify in${tagged ? '' : ', no tag'}: taken now or a little later`,
    field: 'delivery.time',
    part: 'response',
    alikeUpTo: 'bucket',
    views: [
      {
        operation: 'notify',
        direction: 'ingress',
        other: names.peer,
        room,
        reads: 'follower',
        asks: 'hub',
      },
    ],
    left: play,
    right: play,
    only: ['answer'],
    laterMs: 700,
  }
}

function viewOf({ names }: Cast, direction: View['direction'], room: string): View {
  return {
    operation: 'submitMessage',
    direction,
    other: names.peer,
    room,
    reads: 'hub',
    asks: 'follower',
  }
}

function anyMessage({ groups, randomness }: Cast, tagged: boolean) {
  const frankingTag = tagged ? randomness(32) : undefined
  return messageOf(groups.bob, { content: randomness(64), frankingTag })
}
