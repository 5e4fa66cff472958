import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { useClubhouse } from '../../support/clubhouse.ts'
import { callPeer, problemOf } from '../../support/gateway-calls.ts'
import { messageBody } from '../../support/raw-requests.ts'
import { relayingProvider } from '../../support/relaying-provider.ts'

// The hub a.example takes four attempts of a provider, and no more before a day is over.
const rates = {
  attempts: { perSecond: 0.000_01, burst: 4 },
  roomSender: { perSecond: 0.000_01, burst: 8 },
}
const policies = mkdtempSync(join(tmpdir(), 'postern-test-'))
cpSync(new URL('../../../policies/profiles/consumer', import.meta.url), policies, {
  recursive: true,
})
writeFileSync(
  join(policies, 'unnamed.cedar'),
  `@id("unnamed-only")
@title("No pseudonyms of the room")
@reason("A test.")
forbid (principal, action == Action::"admit:submitMessage", resource)
when { principal.class != PeerClass::"home" && context.tier == SenderTier::"room-pseudonym" };`,
)
afterAll(() => rmSync(policies, { recursive: true, force: true }))

const issuing = { tokens: true, extra: { issuer: { enabled: true } } } as const
const clubhouse = useClubhouse({
  keyPackages: { basic: 2, pseudonymous: 20 },
  providers: {
    'a.example': { tokens: true, extra: { ...issuing.extra, rates, policies } },
    'b.example': issuing,
    'c.example': issuing,
  },
})

test('who is asked for a certificate, or has as many pseudonyms as there may be, loses no attempts', async () => {
  const { bob, room: open } = clubhouse()
  const [room, other] = [await open(), await open()]
  const senders = [
    await relayingProvider(clubhouse(), room),
    await relayingProvider(clubhouse(), room),
    await relayingProvider(clubhouse(), room),
  ]
  const codes: unknown[] = []
  for (const { prepare, submit } of senders) {
    const reply = await submit(await prepare('hello'))
    codes.push(reply.status === 200 ? 'taken' : problemOf(reply).code)
  }
  expect(codes).toEqual(['taken', 'taken', 'pseudonyms-exhausted'])
  const [, , last] = senders
  for (let sent = 0; sent < 4; sent += 1)
    expect(problemOf(await last!.submit(await last!.prepare('again'))).code).toBe(
      'pseudonyms-exhausted',
    )
  bob.writeUnnamed(other)
  expect((await bob.sendText(other, 'nobody else pays for it')).kind).toBe('accepted')
}, 60_000)

test('who comes with a name where none is wanted pays what a message costs, and no attempts', async () => {
  const { cathy, federation, room: open } = clubhouse()
  const room = await open()
  const send = () =>
    callPeer(federation.provider('a.example'), {
      as: federation.provider('c.example').identity,
      from: 'c.example',
      operation: 'submitMessage',
      target: room,
      body: messageBody(cathy, room),
    })
  for (let sent = 0; sent < 8; sent += 1)
    expect(problemOf(await send())).toEqual({ status: 401, code: 'sender-token-required' })
  const limited = await send()
  expect(problemOf(limited)).toEqual({ status: 429, code: 'rate-limited' })
  expect(JSON.parse(limited.body.toString())).toMatchObject({ facts: { limit: 'roomSender' } })
  cathy.writeUnnamed(room)
  expect((await cathy.sendText(room, 'without a name')).kind).toBe('accepted')
}, 60_000)
