import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { DsConnection } from '../../../src/client/ds-connection.ts'
import { EpochSenders } from '../../../src/client/tokens/epoch-senders.ts'
import { IssuerConnection } from '../../../src/client/tokens/issuer-connection.ts'
import { parseMimiUri, parseProviderDomain } from '../../../src/model/ids.ts'
import { decode } from '../../../src/wire/codec.ts'
import { submitMessageRequestCodec } from '../../../src/wire/mimi/submit-message.ts'
import { eventually, isMessage, useClubhouse } from '../../support/clubhouse.ts'
import { callPeer, problemOf } from '../../support/gateway-calls.ts'
import { messageBody } from '../../support/raw-requests.ts'

const issuing = { tokens: true, extra: { issuer: { enabled: true } } } as const
const clubhouse = useClubhouse({
  keyPackages: { basic: 2, pseudonymous: 20 },
  providers: { 'a.example': issuing, 'b.example': issuing, 'c.example': issuing },
})
const home = parseProviderDomain('b.example')
const provider = (domain: string) => clubhouse().federation.provider(domain)

/** A provider that relays for its member what it likes, as often and in the order that it likes. */
async function relaying(room: string) {
  const { bob } = clubhouse()
  const { urls } = provider(home).gateway
  const account = await DsConnection.register({
    url: urls.clients ?? '',
    user: parseMimiUri(`mimi://b.example/u/relayed-${randomBytes(4).toString('hex')}`, 'user'),
    client: parseMimiUri(`mimi://b.example/d/relayed-${randomBytes(4).toString('hex')}`),
  })
  const { authorization } = account
  const senders = new EpochSenders({
    home,
    issuer: new IssuerConnection({ url: urls.tokens ?? '', issuer: home, authorization }),
    pinned: () => undefined,
    isMember: () => true,
    clock: () => Date.now(),
    randomness: (length) => randomBytes(length),
  })
  senders.use(room)
  const prepare = async (text: string) => {
    const sender = await senders.senderFor(room)
    if (sender === undefined) throw new Error('no sender')
    const body = messageBody(bob, room, { text, sendingUri: sender.uri })
    const { appMessage } = decode(submitMessageRequestCodec, body)
    const proof = sender.prove(appMessage.bytes, bob.group(room).current)
    return { body, headers: { 'mimi-sender-proof': proof } }
  }
  const submit = (message: Awaited<ReturnType<typeof prepare>>) =>
    callPeer(provider('a.example'), {
      as: provider(home).identity,
      from: home,
      operation: 'submitMessage',
      target: room,
      ...message,
    })
  const refused = await submit(await prepare('without a certificate'))
  expect(problemOf(refused)).toEqual({ status: 401, code: 'sender-token-required' })
  const challenge = String(refused.headers['www-authenticate'])
  await senders.obtain(room, challenge, 'epoch-pseudonym')
  return { prepare, submit }
}

test('a message under a pseudonym that comes again gets the first answer again and goes out once', async () => {
  const { cathy, room: open } = clubhouse()
  const room = await open()
  const { prepare, submit } = await relaying(room)
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
  const { prepare, submit } = await relaying(room)
  const [one, two] = [await prepare('signed first'), await prepare('signed second')]
  expect((await submit(two)).status).toBe(200)
  expect((await submit(one)).status).toBe(200)
  await eventually(cathy, isMessage('signed first'))
}, 30_000)
