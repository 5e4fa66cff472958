import { encode } from '../wire/codec.ts'
import { consentEntryCodec } from '../wire/mimi/consent.ts'
import type { Cast } from './cast.ts'
import type { Pair } from './interference.ts'
import { markedKeyPackage } from './marked.ts'
import { askedPair, type Side } from './pair-kit.ts'
import { marksOf, type View } from './scenario.ts'

/** Whether the users of a consent exist, and which clients a grant brings. */
export function consentPairs(cast: Cast): readonly Pair[] {
  return [true, false].flatMap((inwards) => [
    ...(['request', 'grant'] as const).map((change) => existence(cast, { change, inwards })),
    keyPackages(cast, { inwards, counts: [5, 3], alikeUpTo: 'absent' }),
    keyPackages(cast, { inwards, counts: [5, 4], alikeUpTo: 'bucket' }),
  ])
}

interface Said {
  readonly change: 'request' | 'grant'
  readonly inwards: boolean
}

function existence(cast: Cast, said: Said): Pair {
  const { view, sideOf } = entryOf(cast, said)
  const answered = (status: number): Side => ({
    ...sideOf([]),
    answer: () => ({ status, body: NOTHING }),
  })
  return askedPair(cast, {
    name: `${view.operation} ${said.inwards ? 'in' : 'out'}: an unknown user or a known one`,
    field: 'user.existence',
    part: 'response',
    view,
    left: answered(404),
    right: answered(201),
  })
}

interface Brought {
  readonly inwards: boolean
  readonly counts: readonly [left: number, right: number]
  readonly alikeUpTo: 'absent' | 'bucket'
}

function keyPackages(cast: Cast, { inwards, counts, alikeUpTo }: Brought): Pair {
  const { view, sideOf } = entryOf(cast, { change: 'grant', inwards })
  const owner = cast.actor(cast.names.peer, 'owner', { pseudonymous: false })
  const all = Array.from({ length: 5 }, () =>
    markedKeyPackage(cast, owner, marksOf(cast, 'request')),
  )
  const bytes = all.map((keyPackage) => keyPackage.bytes)
  const [left, right] = counts
  return askedPair(cast, {
    name: `updateConsent ${inwards ? 'in' : 'out'}: ${left} KeyPackages or ${right}`,
    field: 'client.list',
    part: 'request',
    alikeUpTo,
    view,
    left: sideOf(all.slice(0, left)),
    right: sideOf(all.slice(0, right)),
    renaming: [{ left: bytes, right: bytes }],
  })
}

type KeyPackages = readonly ReturnType<typeof markedKeyPackage>[]

/** The same people every time. */
function entryOf(cast: Cast, { change, inwards }: Said) {
  const { names, maker, open } = cast
  const [from, to] = inwards ? [names.peer, names.self] : [names.self, names.peer]
  const [asks, grants] = change === 'request' ? [from, to] : [to, from]
  const isOurs = asks === names.self
  const shared = {
    requesterUri: `mimi://${asks}/u/${maker.word('requester')}`,
    targetUri: `mimi://${grants}/u/${maker.word('target')}`,
    roomId: isOurs ? open.room : `mimi://${asks}/r/${maker.word('room')}`,
    consentExtensions: { componentData: [] },
  }
  const operation = change === 'request' ? 'requestConsent' : 'updateConsent'
  const view: View = {
    operation,
    direction: inwards ? 'ingress' : 'egress',
    other: names.peer,
    room: shared.roomId,
    reads: 'target',
    asks: 'target',
  }
  const sideOf = (clientKeyPackages: KeyPackages): Side => {
    const body =
      change === 'request'
        ? encode(consentEntryCodec, { consentOperation: 'request', ...shared })
        : encode(consentEntryCodec, {
            consentOperation: 'grant',
            ...shared,
            clientKeyPackages: [...clientKeyPackages],
          })
    return {
      place: { operation, target: to, body },
      answer: () => ({ status: 201, body: NOTHING }),
    }
  }
  return { view, sideOf }
}

const NOTHING = Buffer.alloc(0)
