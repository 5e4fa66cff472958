import { encode } from '../wire/codec.ts'
import { abuseReportCodec } from '../wire/mimi/report-abuse.ts'
import { commitRequest } from '../client/mimi/handshake.ts'
import { groupInfoRequest } from '../client/mimi/group-info.ts'
import { createGroup } from '../client/mls/open-group.ts'
import type { Captured, Scripted } from './capture-server.ts'
import { suite, type Cast } from './cast.ts'
import type { Pair } from './interference.ts'
import { messageAccepted, messageOf, submissionOf } from './messages.ts'
import { askedPair, renamed, type Side } from './pair-kit.ts'
import type { View } from './scenario.ts'
import { updateRefused } from './scenarios-handshakes.ts'
import type { Place } from './steps.ts'

type RoomOperation = 'groupInfo' | 'update' | 'submitMessage' | 'reportAbuse'

/** Whether a room is there that the requester's provider has nobody in, by every operation that names one. */
export function roomPairs(cast: Cast): readonly Pair[] {
  const { names, groups, maker, closed, randomness } = cast
  const nowhere = `mimi://${names.self}/r/${maker.word('room-absent')}`
  const asking = cast.actor(names.peer, 'asking')
  const message = messageOf(groups.bob, { content: randomness(64), frankingTag: randomness(32) })
  const bodies: readonly (readonly [name: string, RoomOperation, Buffer])[] = [
    ['groupInfo', 'groupInfo', groupInfoRequest(suite, asking.identity, randomness).bytes],
    ['submitMessage', 'submitMessage', submissionOf(message, asking.user)],
    ['update, of another epoch', 'update', strangersCommit(cast, 2)],
    ['update, of its epoch', 'update', strangersCommit(cast, 1)],
    ['reportAbuse', 'reportAbuse', emptyReport(cast)],
  ]
  return bodies.map(([name, operation, body]) => {
    const side = (target: string): Side => ({
      place: { operation, target, body },
      answer: closedTo,
    })
    const pair = askedPair(cast, {
      name: `${name}: a room that is closed or none`,
      field: 'user.existence',
      part: 'response',
      view: viewOf(cast, operation, closed.room),
      left: side(closed.room),
      right: side(nowhere),
      renaming: [renamed(closed.room, nowhere)],
      // Our own delivery service is asked about the one that is there.
      only: ['answer', 'journal', 'peer', 'third', 'log', 'metrics'],
    })
    // A report of a room that is there is kept, and seen by whoever is to look into it.
    return operation === 'reportAbuse' ? { ...pair, given: 'answer' } : pair
  })
}

/** What the delivery service says of a room to which it lets nobody in. */
export function statusPairs(cast: Cast): readonly Pair[] {
  const { names, open, randomness } = cast
  const asking = cast.actor(names.peer, 'asking')
  const { bytes: body } = groupInfoRequest(suite, asking.identity, randomness)
  const place: Place = { operation: 'groupInfo', target: open.room, body }
  const said = (status: number): Side => ({ place, answer: () => ({ status, body: NOTHING }) })
  return [
    askedPair(cast, {
      name: 'groupInfo: no such room or not for you',
      field: 'user.existence',
      part: 'response',
      view: viewOf(cast, 'groupInfo', open.room),
      left: said(404),
      right: said(403),
    }),
  ]
}

function viewOf({ names }: Cast, operation: RoomOperation, room: string): View {
  const direction = 'ingress'
  return { operation, direction, other: names.peer, room, reads: 'hub', asks: 'follower' }
}

/** Commits of a group that only says that it is the closed room's; the last of so many. */
function strangersCommit(cast: Cast, count: number): Buffer {
  const { closed, names, randomness } = cast
  const stranger = cast.actor(names.peer, 'stranger')
  const { groupId, extensions } = closed.group.context
  const keyPackage = cast.keyPackage(stranger)
  const group = createGroup(suite, { groupId, extensions, keyPackage, randomness })
  for (let made = 1; made < count; made += 1) {
    group.commit()
    group.applyPendingCommit()
  }
  return commitRequest(group.commit())
}

function emptyReport({ cathy }: Cast): Buffer {
  return encode(abuseReportCodec, {
    reportingUser: '',
    allegedAbuserUri: cathy.user,
    reasonCode: 'reserved',
    note: NOTHING,
    messages: [],
    abuseExtensions: { componentData: [] },
  })
}

/** Each operation as it is answered for a room that the delivery service keeps closed. */
function closedTo({ path }: Captured): Scripted {
  if (path.includes('/update/')) return updateRefused('')
  if (path.includes('/submitMessage/')) return messageAccepted(0)
  return { status: 403, body: NOTHING }
}

const NOTHING = Buffer.alloc(0)
