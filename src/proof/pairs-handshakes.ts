import { senderOf } from './attest.ts'
import type { Cast } from './cast.ts'
import type { Pair } from './interference.ts'
import { askedPair, hourOf, type Side } from './pair-kit.ts'
import { marksOf, type View } from './scenario.ts'
import { commitFanout, markedCommit, updateRefused } from './scenarios-handshakes.ts'
import { inside, updateAccepted } from './stage.ts'

/** What an answer to a handshake tells beside its code, and when it was accepted. The room changes with it. */
export function handshakePairs(cast: Cast): readonly Pair[] {
  return [errorPair(cast), timePair(cast)]
}

function errorPair(cast: Cast): Pair {
  const { open } = cast
  const body = markedCommit(cast, marksOf(cast, 'request'), { apply: false, describes: false })
  const place = { operation: 'update', target: open.room, body } as const
  const said = (text: string): Side => ({ place, answer: () => updateRefused(text) })
  return askedPair(cast, {
    name: 'update: one error text or another',
    field: 'error.detail',
    part: 'response',
    view: viewOf(cast),
    left: said('Mallory is on leave'),
    right: said('no'),
  })
}

function timePair(cast: Cast): Pair {
  const { names, open } = cast
  const body = markedCommit(cast, marksOf(cast, 'request'), { apply: true, describes: false })
  const second = hourOf(cast, 20)
  const play = (acceptedMs: number): Pair['left'] => ({
    steps: [
      {
        from: 'peer',
        domain: names.peer,
        operation: 'update',
        target: open.room,
        body,
        headers: senderOf({}),
      },
      {
        ...inside(`fanout/${encodeURIComponent(open.room)}`, commitFanout(body, acceptedMs)),
        headers: { 'postern-destinations': names.third },
      },
    ],
    upstream: () => updateAccepted(acceptedMs),
    peer: () => ({ status: 201, body: Buffer.alloc(0) }),
  })
  const view = viewOf(cast)
  return {
    name: 'update and notify: one time or another of a second',
    field: 'message.time',
    part: 'both',
    alikeUpTo: 'bucket',
    views: [
      view,
      { ...view, operation: 'notify', direction: 'egress', other: names.third, reads: 'follower' },
    ],
    left: play(second + 111),
    right: play(second + 888),
    only: ['answer', 'third', 'log', 'metrics'],
  }
}

function viewOf({ names, open }: Cast): View {
  return {
    operation: 'update',
    direction: 'ingress',
    other: names.peer,
    room: open.room,
    reads: 'hub',
    asks: 'follower',
  }
}
