import { randomBytes } from 'node:crypto'
import { DsConnection } from '../../src/client/ds-connection.ts'
import { EpochSenders } from '../../src/client/tokens/epoch-senders.ts'
import { IssuerConnection } from '../../src/client/tokens/issuer-connection.ts'
import { parseMimiUri, parseProviderDomain } from '../../src/model/ids.ts'
import { decode } from '../../src/wire/codec.ts'
import { submitMessageRequestCodec } from '../../src/wire/mimi/submit-message.ts'
import type { Clubhouse } from './clubhouse.ts'
import { callPeer } from './gateway-calls.ts'
import { messageBody } from './raw-requests.ts'

const home = parseProviderDomain('b.example')

/** Another account of Bob's provider, which writes in the room under a pseudonym of the day. */
export async function unnamedAccount({ bob, federation }: Clubhouse, room: string) {
  const { urls } = federation.provider(home).gateway
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
  return { senders, prepare }
}

/** A provider that relays for its member what it likes, as often and in the order that it likes. */
export async function relayingProvider(clubhouse: Clubhouse, room: string) {
  const { federation } = clubhouse
  const { senders, prepare } = await unnamedAccount(clubhouse, room)
  const submit = (message: Awaited<ReturnType<typeof prepare>>) =>
    callPeer(federation.provider('a.example'), {
      as: federation.provider(home).identity,
      from: home,
      operation: 'submitMessage',
      target: room,
      ...message,
    })
  const refused = await submit(await prepare('without a certificate'))
  if (refused.status !== 401) throw new Error(`answered ${refused.status}`)
  const challenge = String(refused.headers['www-authenticate'])
  await senders.obtain(room, challenge, 'epoch-pseudonym')
  return { prepare, submit }
}
