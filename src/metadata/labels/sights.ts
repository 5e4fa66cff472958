import type { Operation } from '../../model/exchange.ts'
import type { Audience } from '../../model/metadata.ts'
import type { Place } from './label.ts'

/** What somebody is shown in one place: requests that reach them, and answers to their own. */
export interface Sights {
  readonly requests: readonly Operation[]
  readonly answers: readonly Operation[]
}

/** What another provider gets from us, by the place and what it is there. */
export function sightsFrom(place: Place, audience: Audience): Sights {
  return OTHERS[place][audience] ?? NONE
}

/** What we get in a room, by what we are there; the journal may hold something of everything. */
export function sightsOfRoom(audience: Audience): Sights {
  return audience === 'archive' ? { requests: IN_ROOMS, answers: IN_ROOMS } : ROOM[audience]
}

const CONSENT = ['requestConsent', 'updateConsent'] as const satisfies readonly Operation[]

const ROOM = {
  hub: {
    requests: ['keyMaterial', 'update', 'submitMessage', 'groupInfo', 'reportAbuse'],
    answers: ['keyMaterial', 'notify'],
  },
  follower: {
    requests: ['notify'],
    answers: ['keyMaterial', 'update', 'submitMessage', 'groupInfo', 'reportAbuse'],
  },
  /** Whoever is asked for key material, or for a consent that is for this room. */
  target: { requests: ['keyMaterial', ...CONSENT], answers: CONSENT },
} as const satisfies Readonly<Record<Exclude<Audience, 'archive'>, Sights>>

const IN_ROOMS: readonly Operation[] = [
  'keyMaterial',
  'update',
  'submitMessage',
  'notify',
  'groupInfo',
  'reportAbuse',
  ...CONSENT,
]

const OTHERS: Readonly<Record<Place, Readonly<Partial<Record<Audience, Sights>>>>> = {
  'our-rooms': { follower: ROOM.follower, target: ROOM.target },
  // Key material for a room goes by way of its hub, whoever is the target.
  'their-rooms': { hub: ROOM.hub, target: { requests: CONSENT, answers: CONSENT } },
  'outside-rooms': {
    target: {
      requests: ['keyMaterial', ...CONSENT, 'identifierQuery', 'proxyDownload'],
      answers: [...CONSENT, 'identifierQuery'],
    },
    hub: { requests: ['proxyDownload'], answers: ['keyMaterial'] },
  },
}
const NONE: Sights = { requests: [], answers: [] }
