import { expect, test } from 'vitest'
import { eventually, isMessage, useClubhouse } from '../../support/clubhouse.ts'
import { relayingProvider } from '../../support/relaying-provider.ts'

const issuing = { tokens: true, extra: { issuer: { enabled: true } } } as const
const clubhouse = useClubhouse({
  keyPackages: { basic: 2, pseudonymous: 20 },
  providers: { 'a.example': issuing, 'b.example': issuing, 'c.example': issuing },
})

test('a message under a pseudonym that comes again gets the first answer again and goes out once', async () => {
  const { cathy, room: open } = clubhouse()
  const room = await open()
  const { prepare, submit } = await relayingProvider(clubhouse(), room)
  const message = await prepare('once')
  const first = await submit(message)
  expect(first.status).toBe(200)
  for (const again of [await submit(message), await submit(message)])
    expect([again.status, again.body]).toEqual([200, first.body])
  expect((await submit(await prepare('last'))).status).toBe(200)
  const seen = await eventually(cathy, isMessage('last'))
  expect(seen.filter(isMessage('once'))).toHaveLength(1)
}, 30_000)

test('messages under a pseudonym that overtake each other are all taken', async () => {
  const { cathy, room: open } = clubhouse()
  const room = await open()
  const { prepare, submit } = await relayingProvider(clubhouse(), room)
  const [one, two] = [await prepare('signed first'), await prepare('signed second')]
  expect((await submit(two)).status).toBe(200)
  expect((await submit(one)).status).toBe(200)
  await eventually(cathy, isMessage('signed first'))
}, 30_000)
