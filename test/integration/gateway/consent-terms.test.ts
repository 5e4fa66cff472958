import { beforeAll, describe, expect, test } from 'vitest'
import type { MimiClient } from '../../../src/client/mimi-client.ts'
import { termsOf, type OfferedTerms } from '../../../src/client/flows/consent.ts'
import { builtInSuites } from '../../../src/client/mimi/metadata-suites.ts'
import { newRoomUri } from '../../support/clubhouse.ts'
import { federationSuite } from '../../support/federation-suite.ts'
import { rows } from '../../support/gateway-calls.ts'

const suites = ['identified', 'compliance']
const attested = { organisation: 'A Holding', deviceClass: 'managed', country: 'FR' }
const extra = { defaultSuites: { asHub: suites, asFollower: suites }, attested }
let skippedMs = 0
const clock = () => Date.now() + skippedMs
const federation = federationSuite(
  ['a.example', 'b.example'].map((domain) => ({
    domain,
    extra,
    policies: 'enterprise',
    ...(domain === 'b.example' ? { clock } : {}),
  })),
)
let count = 0
let alice: MimiClient

beforeAll(async () => {
  alice = await person('a.example')
}, 30_000)

async function person(domain: string): Promise<MimiClient> {
  const one = await federation.client(domain, `person${++count}`, {
    extra: { requireConsent: true },
  })
  await one.publishKeyPackages({ basic: 4 })
  return one
}

const terms: OfferedTerms = {
  suite: 'identified',
  purposes: ['delivery', 'moderation'],
  retentionDays: 30,
}

/** Alice asks a new Bob on these terms, and he grants it. */
async function granted(offered: OfferedTerms | undefined) {
  const bob = await person('b.example')
  await alice.requestConsent(bob.user, offered === undefined ? {} : { terms: offered })
  const { entry: request } = await bob.next('consent')
  await bob.grantConsent({ requester: alice.user, request })
  const { entry: grant } = await alice.next('consent')
  return { bob, request, grant }
}

async function roomOf(suite: string): Promise<string> {
  const room = newRoomUri()
  await alice.createRoom({ room, name: 'Asked', suite })
  return room
}

/** What a provider's ledger holds about a user, the oldest first. */
function ledger(domain: string, user: string): readonly object[] {
  return rows(federation.provider(domain), 'postern.sqlite')(
    `SELECT change, requester, target, provider, suite, purposes, retention_days FROM consents
     WHERE target = ? ORDER BY position`,
    user,
  )
}

const noConsent = { kind: 'no-key-material', status: 'noConsent' }

describe('consent', () => {
  test('is asked and given on terms, which both ledgers keep with who vouches for them', async () => {
    const { bob, request, grant } = await granted(terms)
    expect(termsOf(request)).toMatchObject({ suite: 3, retentionDays: 30 })
    expect(termsOf(grant)).toEqual(termsOf(request))
    const stated = { suite: 3, purposes: 'delivery moderation', retention_days: 30 }
    const scope = { requester: alice.user, target: bob.user, ...stated }
    const expected = [
      { change: 'request', provider: 'a.example', ...scope },
      { change: 'grant', provider: 'b.example', ...scope },
    ]
    expect(ledger('b.example', bob.user)).toEqual(expected)
    expect(ledger('a.example', bob.user)).toEqual(expected)
  })

  test('holds for rooms of the suite that it is for, and for no others', async () => {
    const { bob } = await granted(terms)
    expect(await alice.addUser(await roomOf('compliance'), bob.user)).toMatchObject(noConsent)
    expect(await alice.addUser(await roomOf('identified'), bob.user)).toMatchObject({
      kind: 'accepted',
    })
  })

  test('without terms holds for rooms of any suite', async () => {
    const { bob } = await granted(undefined)
    expect(await alice.addUser(await roomOf('compliance'), bob.user)).toMatchObject({
      kind: 'accepted',
    })
  })

  test('ends when its terms end, and that looks like no consent', async () => {
    const { bob } = await granted({ ...terms, expiresAtMs: clock() + 3_600_000 })
    skippedMs += 7_200_000
    expect(await alice.addUser(await roomOf('identified'), bob.user)).toMatchObject(noConsent)
  })

  test('that is revoked is in the ledger too', async () => {
    const { bob } = await granted(terms)
    await bob.revokeConsent(alice.user)
    await alice.next('consent')
    const last = { change: 'revoke', provider: 'b.example', suite: null }
    expect(ledger('a.example', bob.user).at(-1)).toMatchObject(last)
    expect(ledger('b.example', bob.user).at(-1)).toMatchObject(last)
  })
})

test('a request that is refused by silence, and one for nobody, leave the same entries', async () => {
  const silent = await person('b.example')
  const nobody = 'mimi://b.example/u/nobody'
  await alice.requestConsent(silent.user, { terms })
  // This suite says who exists; the ledger does not.
  await expect(alice.requestConsent(nobody, { terms })).rejects.toMatchObject({ status: 404 })
  for (const domain of ['a.example', 'b.example'])
    expect(ledger(domain, nobody)).toEqual(
      ledger(domain, silent.user).map((entry) => ({ ...entry, target: nobody })),
    )
})

test('terms of a suite that a gateway does not know, or knows otherwise, are refused', async () => {
  const bob = await person('b.example')
  const redefined = builtInSuites.map((suite) => ({ ...suite, digest: Buffer.alloc(32) }))
  const mallory = await federation.client('a.example', 'mallory', {
    extra: { metadataSuites: redefined },
  })
  await expect(mallory.requestConsent(bob.user, { terms })).rejects.toMatchObject({
    problem: 'suite-unavailable',
  })
  expect(ledger('a.example', bob.user)).toEqual([])
})
