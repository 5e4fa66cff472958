import { decode, encode } from '../wire/codec.ts'
import { fanoutMessageCodec } from '../wire/mimi/fanout.ts'
import { updateRequestCodec, updateRoomResponseCodec } from '../wire/mimi/update.ts'
import type { Proposal } from '../wire/mls/proposal.ts'
import type { FieldName } from '../model/metadata.ts'
import { commitRequest } from '../client/mimi/handshake.ts'
import { addParticipants } from '../client/mimi/participant-changes.ts'
import { roles } from '../client/mimi/room-extensions.ts'
import type { Scripted } from './capture-server.ts'
import { renaming, type Cast } from './cast.ts'
import { markTime } from './mark-time.ts'
import { marksOf, type Marks, type Scenario } from './scenario.ts'
import { inside, updateAccepted } from './stage.ts'
import { askedScenario, fromPeer } from './steps.ts'

/** update, and handshakes in notify: in and out. The room changes with them: play them in this order. */
export function handshakeScenarios(cast: Cast): readonly Scenario[] {
  // What a suite forbids is refused and changes nothing: it comes last.
  return [false, true].flatMap((describes) => [
    refusedUpdate(cast, describes),
    updateOut(cast, describes),
    notifyIn(cast, describes),
    acceptedUpdate(cast, describes),
  ])
}

export interface CommitCase {
  /** Whether the hub takes it, so that everybody follows. */
  readonly apply: boolean
  /** Whether it gives the room another name. */
  readonly describes: boolean
}

/** Somebody comes in and the room gets another name: everything that a commit can show. */
export function markedCommit(cast: Cast, marks: Marks, { apply, describes }: CommitCase): Buffer {
  const { names, open, groups } = cast
  const form = cast.pseudonymous ? 'pseudonym-room' : 'exact'
  const added = cast.actor(names.peer, 'added')
  const own = cast.keyPackage(added)
  const proposals: readonly Proposal[] = [
    addParticipants([{ user: added.user, roleIndex: roles.member }]),
    { kind: 'add', keyPackage: own.keyPackage },
    ...(describes ? [renaming(open.room, marks.word('room name', 'room.description'))] : []),
  ]
  marks.put('added participant', PARTICIPANTS, { value: added.user, form })
  marks.put('added client', 'client.list', own.keyPackage.leafNode.signatureKey)
  marks.put('committer', PARTICIPANTS, { value: cast.bob.user, form })
  const staged = groups.bob.commit({ proposals })
  const body = commitRequest(staged)
  if (!apply) groups.bob.discardPendingCommit()
  else {
    groups.bob.applyPendingCommit()
    for (const follower of [groups.alice, groups.bea]) follower.receiveCommit(staged.message)
  }
  return body
}

/** The delivery service says no, and why. */
function refusedUpdate(cast: Cast, describes: boolean): Scenario {
  const { names, open } = cast
  const request = marksOf(cast, 'request')
  const response = marksOf(cast, 'response')
  request.put('room', 'room.id', open.room)
  const body = markedCommit(cast, request, { apply: false, describes })
  const errorDescription = response.word('error text', 'error.detail')
  return askedScenario({
    name: `update in, refused${named(describes)}`,
    view: {
      operation: 'update',
      direction: 'ingress',
      other: names.peer,
      room: open.room,
      reads: 'hub',
      asks: 'follower',
    },
    place: { operation: 'update', target: open.room, body },
    answer: () => updateRefused(errorDescription),
    request,
    response,
  })
}

/** The delivery service says yes, and the followers get the commit. */
function acceptedUpdate(cast: Cast, describes: boolean): Scenario {
  const { names, open } = cast
  const request = marksOf(cast, 'request')
  const both = marksOf(cast, 'both')
  request.put('room', 'room.id', open.room)
  const body = markedCommit(cast, request, { apply: true, describes })
  const acceptedMs = cast.nowMs + 7_437
  markTime(both, acceptedMs)
  const errorDescription = both.word('error text', 'error.detail')
  const first = fromPeer(names.peer, { operation: 'update', target: open.room, body }, request)
  const fanout = {
    ...inside(`fanout/${encodeURIComponent(open.room)}`, commitFanout(body, acceptedMs)),
    headers: { 'postern-destinations': `${names.peer},${names.third}` },
  }
  const shared = { room: open.room, reads: 'follower', asks: 'follower' } as const
  const notify = { ...shared, operation: 'notify', direction: 'egress' } as const
  return {
    name: `update in and notify out${named(describes)}`,
    views: [
      { ...shared, operation: 'update', direction: 'ingress', other: names.peer, reads: 'hub' },
      { ...notify, other: names.peer },
      { ...notify, other: names.third },
    ],
    play: {
      steps: [first, fanout],
      upstream: () => updateAccepted(acceptedMs, errorDescription),
      peer: () => ({ status: 201, body: NOTHING }),
    },
    canaries: [...request.all, ...both.all],
  }
}

/** A commit of ours for a room of another hub: here its own commits do, under another name. */
function updateOut(cast: Cast, describes: boolean): Scenario {
  const { names } = cast
  const request = marksOf(cast, 'request')
  const response = marksOf(cast, 'response')
  const room = `mimi://${names.peer}/r/${request.word('room', 'room.id')}`
  const errorDescription = response.word('error text', 'error.detail')
  return askedScenario({
    name: `update out${named(describes)}`,
    view: {
      operation: 'update',
      direction: 'egress',
      other: names.peer,
      room,
      reads: 'hub',
      asks: 'follower',
    },
    place: {
      operation: 'update',
      target: room,
      body: markedCommit(cast, request, { apply: false, describes }),
    },
    answer: () => updateRefused(errorDescription),
    request,
    response,
  })
}

/** A commit that another hub fans out to us, with more than the bucket in its time. */
function notifyIn(cast: Cast, describes: boolean): Scenario {
  const { names } = cast
  const request = marksOf(cast, 'request')
  const room = `mimi://${names.peer}/r/${request.word('room', 'room.id')}`
  const exactMs = cast.nowMs + 5_321
  markTime(request, exactMs)
  const body = commitFanout(markedCommit(cast, request, { apply: false, describes }), exactMs)
  return askedScenario({
    name: `notify in, of a commit${named(describes)}`,
    view: {
      operation: 'notify',
      direction: 'ingress',
      other: names.peer,
      room,
      reads: 'follower',
      asks: 'hub',
    },
    place: { operation: 'notify', target: room, body },
    answer: () => ({ status: 201, body: NOTHING }),
    request,
    response: marksOf(cast, 'response'),
  })
}

/** The FanoutMessage of the commit in a body of `update`. */
export function commitFanout(body: Buffer, timestampMs: number): Buffer {
  const { proposalOrCommit: message } = decode(updateRequestCodec, body)
  const timestamp = BigInt(timestampMs)
  return encode(fanoutMessageCodec, { kind: 'commit', timestamp, message, externalProposals: [] })
}

export function updateRefused(errorDescription: string): Scripted {
  const refused = { responseCode: 'notAllowed', errorDescription } as const
  return { status: 200, body: encode(updateRoomResponseCodec, refused) }
}

function named(describes: boolean): string {
  return describes ? ', with a name' : ''
}

const PARTICIPANTS: readonly FieldName[] = ['participants.changes', 'participants.list']
const NOTHING = Buffer.alloc(0)
