import { expect, test } from 'vitest'
import { ClientError } from '../../../src/client/errors.ts'
import { useClubhouse } from '../../support/clubhouse.ts'

// What our own users ask of other providers, and what comes back to them.
const clubhouse = useClubhouse({
  providers: {
    'a.example': {
      extra: {
        rates: { roomSender: { perSecond: 0.01, burst: 2 } },
        // Outside rooms the first suite that both have holds.
        defaultSuites: { asHub: ['identified', 'moderated-pseudonyms'] },
      },
    },
    'c.example': {
      policies: 'enterprise',
      peerOf: () => ({
        suites: { asHub: ['compliance'], asFollower: ['identified', 'moderated-pseudonyms'] },
      }),
    },
  },
})

const handle = { searchType: 'handle', searchValue: 'dora' } as const
const email = { searchType: 'email', searchValue: 'dora@mail.example' } as const

test('an exhausted budget of the hub reaches the client with its Retry-After', async () => {
  const { bob, room } = clubhouse()
  const uri = await room()
  for (const text of ['one', 'two'])
    expect(await bob.sendText(uri, text)).toMatchObject({ kind: 'accepted' })
  const refusal = await bob.sendText(uri, 'three').catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(ClientError)
  expect(refusal).toMatchObject({ code: 'refused', status: 429, problem: 'rate-limited' })
  const { retryAfterMs = 0 } = refusal as ClientError
  expect(retryAfterMs).toBeGreaterThan(50_000)
  expect(retryAfterMs).toBeLessThanOrEqual(100_000)
})

test('a search by one exact handle finds a user', async () => {
  const { bob, federation } = clubhouse()
  await federation.provider('a.example').client('dora', {
    extra: { profile: { handle: handle.searchValue, email: email.searchValue } },
  })
  expect(await bob.queryIdentifier('a.example', [handle])).toMatchObject({
    responseCode: 'success',
    uri: ['mimi://a.example/u/dora'],
  })
})

test.each([
  ['by e-mail address', [email]],
  ['by a handle and more', [handle, email]],
] as const)(
  'a search %s that our own policies do not permit leaves nobody',
  async (_, elements) => {
    const { bob } = clubhouse()
    await expect(bob.queryIdentifier('a.example', elements)).rejects.toMatchObject({
      status: 403,
      problem: 'disclosure-refused',
    })
  },
)

test('a search that only the asking side permits is refused by the side that is asked', async () => {
  const { cathy } = clubhouse()
  const answer = await cathy.queryIdentifier('a.example', [email])
  expect(answer).toMatchObject({ responseCode: 'forbidden', uri: [], foundProfiles: [] })
})
