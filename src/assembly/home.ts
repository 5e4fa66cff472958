import type { Attested } from '../metadata/attested.ts'
import type { Suite } from '../metadata/suite.ts'
import type { MimiUri, ProviderDomain } from '../model/ids.ts'
import type { Home } from '../pipeline/parts.ts'
import type { PolicyRoom } from '../policy/slices.ts'
import type { PeerFacts, Region, RoomProfile } from '../policy/vocabulary.ts'

export interface HomeOptions {
  readonly domain: ProviderDomain
  readonly rooms: { readonly profile: RoomProfile; readonly region: Region }
  /** The suite of exchanges outside rooms between our own users. */
  readonly suite: string
  /** What we attest of our users. */
  readonly attested: Attested
}

/** Our own provider as policies see it. Facts of a room are made once and found again by identity. */
export function createHome({ domain, rooms, suite, attested }: HomeOptions): Home {
  const peer: PeerFacts = {
    id: domain,
    class: 'home',
    region: rooms.region,
    agreement: true,
    verified: true,
    groups: [],
  }
  const known = new Map<string, PolicyRoom>()
  return {
    peer,
    suite,
    attested,
    room: (uri: MimiUri | undefined, of: Suite) => {
      const key = `${of.code} ${uri ?? OUTSIDE_ROOMS}`
      const found = known.get(key)
      if (found !== undefined) return found
      if (known.size >= ROOMS_MAX) known.clear()
      const facts = Object.freeze({ id: uri ?? OUTSIDE_ROOMS, ...rooms, tenant: domain, suite: of })
      known.set(key, facts)
      return facts
    },
  }
}

const OUTSIDE_ROOMS = 'outside-rooms'
const ROOMS_MAX = 100_000
