import { Device, introduce } from './device.ts'
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
    about: 'consumer',
    policies: 'consumer',
    rooms: { profile: 'consumer', region: 'EU' },
    suites: {
      'a.example': { asHub: ['moderated-pseudonyms'], asFollower: ['moderated-pseudonyms'] },
      'c.example': {
        asHub: ['moderated-pseudonyms'],
        asFollower: ['compliance', 'moderated-pseudonyms'],
      },
    },
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
export const rooms = [clubhouse, lobby, ledger] as const

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

/** The other way to be in a room: by everybody's real URI. */
export function usersOf({ alice, bob, cathy, dora }: Cast): readonly string[] {
  return [alice, bob, cathy, dora].map(({ user }) => user)
}

export function providerOf({ providers }: Federation, domain: string): Provider {
  const found = providers.find(({ plan }) => plan.domain === domain)
  if (found === undefined) throw new Error(`no provider ${domain}`)
  return found
}

export const DORAS_HANDLE = 'dora.the.auditor'
export const DORAS_EMAIL = 'dora@mail.example'
