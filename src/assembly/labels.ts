import type { Label, LabelPart, Place } from '../metadata/labels/label.ts'
import { joinAlike } from '../metadata/labels/recipient.ts'
import type { Suite } from '../metadata/suite.ts'
import { GatewayError } from '../model/errors.ts'
import { parseProviderDomain, uriDomain, type MimiUri, type ProviderDomain } from '../model/ids.ts'
import type { Role } from '../peers/agreement-store.ts'
import type { PipelineParts } from '../pipeline/parts.ts'
import { domainsOf } from '../rooms/leaf-identity.ts'
import { bannedRole } from '../rooms/room-policy.ts'
import {
  otherFollowers,
  otherProvider,
  ourJournal,
  ourselves,
  type RecipientParts,
  type Scene,
} from './label-recipients.ts'
import { standingWith, type OpenStanding, type Standing } from './label-standing.ts'

/** The metadata labels of what is in force now. */
export interface Labels {
  /** Throws `room-unknown`, `suite-unavailable`. */
  readonly ofRoom: (room: MimiUri) => Label
  /** Throws `peer-unknown`. */
  readonly ofPeer: (peer: ProviderDomain) => Label
}

export type LabelsOptions = RecipientParts &
  Pick<PipelineParts, 'suites' | 'peers' | 'agreements' | 'rooms' | 'roomSuites'>

/** Labels from the plans by which the gateway acts: nothing in them is said by hand. */
export function createLabels(options: LabelsOptions): Labels {
  return {
    ofRoom: (room) =>
      uriDomain(room) === options.peers.self ? ownRoom(options, room) : theirRoom(options, room),
    ofPeer: (peer) => ofPeer(options, peer),
  }
}

function ownRoom(options: LabelsOptions, room: MimiUri): Label {
  const { rooms, peers, home } = options
  const state = rooms.find(room)
  if (state === undefined) throw new GatewayError('room-unknown')
  const suite = suiteNamed(options, state.suite)
  const scene = { place: 'our-rooms', suite, room } as const
  const active = state.participants.filter(({ roleIndex }) => roleIndex !== bannedRole)
  const standings = domainsOf(active.map(({ user }) => user))
    .map(parseProviderDomain)
    .filter((domain) => domain !== peers.self)
    .map((domain) => underSuite(standingWith(options, domain, 'hub'), suite))
  const open = standings.filter(isOpen)
  const everybody = [home.peer, ...open.map(({ facts }) => facts)]
  return {
    ...head(options, { kind: 'room', room, hub: peers.self }),
    parts: [
      partOf(scene, open, [
        ourselves(options, scene, { audience: 'hub', peers: everybody }),
        ...AUDIENCES['our-rooms'].flatMap((audience) =>
          joinAlike(open.map((one) => otherProvider(options, scene, { ...one, audience }))),
        ),
        ourJournal(options, scene, everybody),
      ]),
    ],
    closed: closedOf(scene.place, standings),
  }
}

/** Of the other providers in it we know nothing but what the suite lets its hub show them. */
function theirRoom(options: LabelsOptions, room: MimiUri): Label {
  const announced = options.roomSuites.find(room)
  if (announced === undefined) throw new GatewayError('room-unknown')
  const suite = suiteNamed(options, announced)
  const scene = { place: 'their-rooms', suite, room } as const
  const hub = uriDomain(room)
  const standing = underSuite(standingWith(options, hub, 'follower'), suite)
  const withHub = (one: OpenStanding): LabelPart => {
    const [first, ...others] = AUDIENCES['their-rooms'].map((audience) =>
      otherProvider(options, scene, { ...one, audience }),
    )
    return partOf(
      scene,
      [one],
      [
        ...(first === undefined ? [] : [first]),
        ourselves(options, scene, { audience: 'follower', peers: [one.facts] }),
        otherFollowers(options, scene),
        ...others,
        ourJournal(options, scene, [one.facts]),
      ],
    )
  }
  return {
    ...head(options, { kind: 'room', room, hub }),
    parts: isOpen(standing) ? [withHub(standing)] : [],
    closed: closedOf(scene.place, [standing]),
  }
}

function ofPeer(options: LabelsOptions, peer: ProviderDomain): Label {
  if (options.peers.find(peer) === undefined) throw new GatewayError('peer-unknown')
  const sides = ROLES.map(([place, role]) => [place, standingWith(options, peer, role)] as const)
  const open = sides.flatMap(([place, one]) => (isOpen(one) ? [{ place, one }] : []))
  const inRooms = open.flatMap(({ place, one }) =>
    one.suites.map((suite) => partWith(options, { place, suite, room: undefined }, one)),
  )
  // Outside rooms the first suite of one of the two lists holds; which one is up to who asks.
  const firsts = new Map(open.map(({ one }) => [one.suites[0], one]))
  const outside = [...firsts].flatMap(([suite, one]) =>
    suite === undefined
      ? []
      : [partWith(options, { place: 'outside-rooms', suite, room: undefined }, one)],
  )
  return {
    ...head(options, { kind: 'peer', peer }),
    parts: [...inRooms, ...outside],
    closed: sides.flatMap(([place, one]) => closedOf(place, [one])),
  }
}

function partWith(options: LabelsOptions, scene: Scene, one: OpenStanding): LabelPart {
  const recipients = AUDIENCES[scene.place].map((audience) =>
    otherProvider(options, scene, { ...one, audience }),
  )
  return partOf(scene, [one], recipients)
}

function partOf(
  { place, suite }: Scene,
  standings: readonly OpenStanding[],
  recipients: LabelPart['recipients'],
): LabelPart {
  const { code, name, summary } = suite
  const agreements = standings.flatMap((one) => one.agreement(suite) ?? [])
  return { place, suite: { code, name, summary }, agreements, recipients }
}

function head(
  { peers }: LabelsOptions,
  about: Label['about'],
): Pick<Label, 'schema' | 'provider' | 'about'> {
  return { schema: 1, provider: peers.self, about }
}

/** A provider that has not agreed on the suite of a room gets nothing in it. */
function underSuite(standing: Standing, suite: Suite): Standing {
  if (standing.kind === 'closed' || standing.suites.includes(suite)) return standing
  return { kind: 'closed', provider: standing.provider, code: 'suite-unavailable' }
}

function closedOf(place: Place, standings: readonly Standing[]): Label['closed'] {
  return standings.flatMap((one) =>
    one.kind === 'closed' ? [{ place, provider: one.provider, code: one.code }] : [],
  )
}

function isOpen(standing: Standing): standing is OpenStanding {
  return standing.kind === 'open'
}

function suiteNamed({ suites }: LabelsOptions, name: string): Suite {
  const suite = suites.suiteByName(name)
  if (suite === undefined) throw new GatewayError('suite-unavailable')
  return suite
}

/** What another provider is in each place. */
const AUDIENCES = {
  'our-rooms': ['follower', 'target'],
  'their-rooms': ['hub', 'target'],
  'outside-rooms': ['target', 'hub'],
} as const
const ROLES = [
  ['our-rooms', 'hub'],
  ['their-rooms', 'follower'],
] as const satisfies readonly (readonly [Place, Role])[]
