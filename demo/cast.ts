import type { ClaimedStory } from './claims.ts'
import { Device, introduce } from './device.ts'
import type { Secrets } from './eye.ts'
import type { Federation, Provider, ProviderPlan } from './providers.ts'

/** The three providers of the draft's example. draft-ietf-mimi-protocol-06 §3 */
export const plans: readonly ProviderPlan[] = [
  {
    domain: 'a.example',
    about: 'consumer, hub of moderated-pseudonyms rooms',
    policies: 'consumer',
    rooms: { profile: 'consumer', region: 'EU' },
    suites: {
      'b.example': { asHub: ['moderated-pseudonyms'], asFollower: ['moderated-pseudonyms'] },
      'c.example': { asHub: ['moderated-pseudonyms'], asFollower: ['moderated-pseudonyms'] },
    },
    // So little that a flood meets it within a second.
    rates: { roomSender: { perSecond: 0.2, burst: 8 } },
  },
  {
    domain: 'b.example',
    about: 'small firms, with what compliance rooms ask for',
    policies: 'enterprise',
    rooms: { profile: 'consumer', region: 'EU' },
    suites: {
      'a.example': { asHub: ['moderated-pseudonyms'], asFollower: ['moderated-pseudonyms'] },
      'c.example': {
        asHub: ['moderated-pseudonyms'],
        asFollower: ['compliance', 'moderated-pseudonyms'],
      },
    },
    attested: { organisation: 'Bakery B', deviceClass: 'personal', country: 'DE' },
  },
  {
    domain: 'c.example',
    about: 'enterprise, hub of compliance rooms',
    policies: 'enterprise',
    rooms: { profile: 'enterprise', region: 'EU' },
    suites: {
      'a.example': { asHub: ['compliance'], asFollower: ['moderated-pseudonyms'] },
      'b.example': { asHub: ['compliance'], asFollower: ['moderated-pseudonyms'] },
    },
    attested: { organisation: 'C Corporation', deviceClass: 'managed', country: 'FR' },
  },
]

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

/** Who plays. */
export interface Cast {
  readonly alice: Device
  readonly bob: Device
  readonly cathy: Device
  /** Nobody may add her without her consent. */
  readonly dora: Device
}

/** Registers everybody at their provider, with KeyPackages, and lets the friends exchange cards. */
export async function assemble(federation: Federation): Promise<Cast> {
  const [alice, bob, cathy, dora] = await Promise.all([
    Device.register(providerOf(federation, 'a.example'), 'Alice'),
    Device.register(providerOf(federation, 'b.example'), 'Bob'),
    Device.register(providerOf(federation, 'c.example'), 'Cathy'),
    Device.register(providerOf(federation, 'b.example'), 'Dora', {
      requireConsent: true,
      profile: { handle: DORAS_HANDLE, email: DORAS_EMAIL },
    }),
  ])
  await Promise.all(
    [alice, bob, cathy, dora].map(({ client }) =>
      client.publishKeyPackages({ basic: 2, pseudonymous: 2 }),
    ),
  )
  introduce([alice, bob, cathy])
  return { alice, bob, cathy, dora }
}

/** What no pseudonym may give away: the real URIs of everybody who plays, and the rooms' names. */
export const secrets: Secrets = {
  providers: plans.map(({ domain }) => domain),
  users: [
    'mimi://a.example/u/alice',
    'mimi://b.example/u/bob',
    'mimi://b.example/u/dora',
    'mimi://c.example/u/cathy',
  ],
  clients: [
    'mimi://a.example/d/alice-phone',
    'mimi://b.example/d/bob-phone',
    'mimi://b.example/d/dora-phone',
    'mimi://c.example/d/cathy-phone',
    'mimi://c.example/d/cathy-tablet',
  ],
  roomNames: [clubhouse.name, lobby.name, ledger.name],
}

/** What the claims have to know of the story. */
export const claimed: ClaimedStory = {
  hub: 'a.example',
  suite: clubhouse.suite,
  removed: { room: clubhouse.uri, provider: 'b.example' },
  relay: { from: 'b.example', to: 'c.example' },
}

export function providerOf({ providers }: Federation, domain: string): Provider {
  const found = providers.find(({ plan }) => plan.domain === domain)
  if (found === undefined) throw new Error(`no provider ${domain}`)
  return found
}

export const DORAS_HANDLE = 'dora.the.auditor'
export const DORAS_EMAIL = 'dora@mail.example'
