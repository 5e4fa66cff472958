import type { ClaimedStory } from './claims.ts'
import { Device, introduce } from './device.ts'
import type { Secrets } from './eye.ts'
import type { Federation, Provider, ProviderPlan, SuiteLists } from './providers.ts'

/** The policies of the hub, unless somebody brings other ones. */
export const HUB_PROFILE = 'consumer'

/** The three providers of the draft's example, one that asks for more, and one that shows less. draft-ietf-mimi-protocol-06 §3 */
const plans: readonly ProviderPlan[] = [
  {
    domain: 'a.example',
    about: 'consumer, hub of rooms under two suites',
    policies: HUB_PROFILE,
    rooms: { profile: 'consumer', region: 'EU' },
    suites: {
      asHub: ['moderated-pseudonyms', 'identified'],
      asFollower: ['moderated-pseudonyms', 'bare-minimum'],
    },
    // So little that a flood meets it within a second.
    rates: { epochSender: { perSecond: 1, burst: 8 } },
    team: [
      { name: 'ann', roles: ['moderator'] },
      { name: 'ben', roles: ['moderator'] },
      { name: 'cora', roles: ['appeals'] },
    ],
  },
  {
    domain: 'b.example',
    about: 'small firms, with what compliance rooms ask for',
    policies: 'enterprise',
    rooms: { profile: 'consumer', region: 'EU' },
    suites: { asHub: ['moderated-pseudonyms'], asFollower: ['moderated-pseudonyms', 'compliance'] },
    attested: { organisation: 'Bakery B', deviceClass: 'personal', country: 'DE' },
  },
  {
    domain: 'c.example',
    about: 'enterprise, hub of compliance rooms',
    policies: 'enterprise',
    rooms: { profile: 'enterprise', region: 'EU' },
    suites: {
      asHub: ['compliance', 'moderated-pseudonyms'],
      asFollower: ['moderated-pseudonyms', 'identified'],
    },
    attested: { organisation: 'C Corporation', deviceClass: 'managed', country: 'FR' },
  },
  {
    domain: 'd.example',
    about: 'wants compliance metadata from everybody',
    policies: 'enterprise',
    rooms: { profile: 'enterprise', region: 'EU' },
    suites: { asHub: ['compliance'], asFollower: ['compliance'] },
    attested: { organisation: 'D Limited', deviceClass: 'managed', country: 'FR' },
  },
  {
    domain: 'e.example',
    about: 'consumer, whose users are somebody else each day',
    policies: 'consumer',
    rooms: { profile: 'consumer', region: 'EU' },
    suites: { asHub: ['moderated-pseudonyms'], asFollower: ['moderated-pseudonyms'] },
    issues: true,
  },
]

/** The same, with other policies for the hub of the story. */
export function plansWith(hubPolicies: string): readonly ProviderPlan[] {
  return plans.map((plan) =>
    plan.domain === claimed.hub ? { ...plan, policies: hubPolicies } : plan,
  )
}

/** What b.example accepts later in the story. */
export const acceptedLater: SuiteLists = {
  asHub: ['moderated-pseudonyms'],
  asFollower: ['moderated-pseudonyms', 'compliance', 'identified'],
}

/** The rooms of the story. */
export const clubhouse = {
  uri: 'mimi://a.example/r/clubhouse',
  name: 'The Clubhouse',
  suite: 'moderated-pseudonyms',
} as const
export const lobby = {
  uri: 'mimi://a.example/r/lobby',
  name: 'The Lobby',
  suite: 'moderated-pseudonyms',
} as const
export const ledger = {
  uri: 'mimi://c.example/r/ledger',
  name: 'The Ledger',
  suite: 'compliance',
} as const

export const boardroom = {
  uri: 'mimi://a.example/r/boardroom',
  name: 'The Boardroom',
  suite: 'identified',
} as const

/** Who plays. */
export interface Cast {
  readonly alice: Device
  readonly bob: Device
  readonly cathy: Device
  /** Nobody may add her without her consent. */
  readonly dora: Device
  /** Of the provider that asks for more. */
  readonly eve: Device
  /** Of the provider that shows less. */
  readonly finn: Device
}

/** Registers everybody at their provider, with KeyPackages, and lets the friends exchange cards. */
export async function assemble(federation: Federation): Promise<Cast> {
  const [alice, bob, cathy, dora, eve, finn] = await Promise.all([
    Device.register(providerOf(federation, 'a.example'), 'Alice'),
    Device.register(providerOf(federation, 'b.example'), 'Bob'),
    Device.register(providerOf(federation, 'c.example'), 'Cathy'),
    Device.register(providerOf(federation, 'b.example'), 'Dora', {
      requireConsent: true,
      profile: { handle: DORAS_HANDLE, email: DORAS_EMAIL },
    }),
    Device.register(providerOf(federation, 'd.example'), 'Eve'),
    Device.register(providerOf(federation, 'e.example'), 'Finn'),
  ])
  await Promise.all(
    [alice, bob, cathy, dora, eve, finn].map(({ client }) =>
      client.publishKeyPackages({ basic: 3, pseudonymous: 2 }),
    ),
  )
  introduce([alice, bob, cathy, finn])
  return { alice, bob, cathy, dora, eve, finn }
}

/** What no pseudonym may give away: the real URIs of everybody who plays, and the rooms' names. */
export const secrets: Secrets = {
  providers: plans.map(({ domain }) => domain),
  users: [
    'mimi://a.example/u/alice',
    'mimi://b.example/u/bob',
    'mimi://b.example/u/dora',
    'mimi://c.example/u/cathy',
    'mimi://d.example/u/eve',
    'mimi://e.example/u/finn',
  ],
  clients: [
    'mimi://a.example/d/alice-phone',
    'mimi://b.example/d/bob-phone',
    'mimi://b.example/d/dora-phone',
    'mimi://c.example/d/cathy-phone',
    'mimi://c.example/d/cathy-tablet',
    'mimi://d.example/d/eve-phone',
    'mimi://e.example/d/finn-phone',
  ],
  roomNames: [clubhouse.name, lobby.name, ledger.name, boardroom.name],
}

/** What is written to be reported. Forgers keep the length. */
export const reported = {
  rude: 'Nobody needs you in this club',
  ruder: 'Nobody wants you in this club',
  rudest: 'Nobody keeps you in this club',
  note: 'This hurts',
  spam: 'Buy cheap shoes',
} as const

/** What the claims have to know of the story. */
export const claimed: ClaimedStory = {
  hub: 'a.example',
  suite: clubhouse.suite,
  removed: { room: clubhouse.uri, provider: 'b.example' },
  relay: { from: 'b.example', to: 'c.example' },
  twoSuites: { follower: 'c.example', suites: [clubhouse.suite, boardroom.suite] },
  apart: 'd.example',
  words: Object.values(reported),
}

export function providerOf({ providers }: Federation, domain: string): Provider {
  const found = providers.find(({ plan }) => plan.domain === domain)
  if (found === undefined) throw new Error(`no provider ${domain}`)
  return found
}

export const DORAS_HANDLE = 'dora.the.auditor'
export const DORAS_EMAIL = 'dora@mail.example'
