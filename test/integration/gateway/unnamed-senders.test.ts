import { randomBytes, randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { ClientError } from '../../../src/client/errors.ts'
import type { MimiClient } from '../../../src/client/mimi-client.ts'
import { epochPseudonymId } from '../../../src/model/epoch-pseudonym.ts'
import { parseMimiUri, parseProviderDomain } from '../../../src/model/ids.ts'
import { epochStartSeconds } from '../../../src/privacypass/pseudonym-epoch.ts'
import { generatePseudonymKey } from '../../../src/privacypass/pseudonym-key.ts'
import { signSenderProof, writeSenderProof } from '../../../src/privacypass/sender-proof.ts'
import { useClubhouse } from '../../support/clubhouse.ts'
import { rows } from '../../support/gateway-calls.ts'
import { callPeer, problemOf } from '../../support/gateway-calls.ts'
import { messageBody } from '../../support/raw-requests.ts'

const issuing = { tokens: true, extra: { issuer: { enabled: true } } } as const
const rates = { epochSender: { perSecond: 0.001, burst: 6 } }
const clubhouse = useClubhouse({
  keyPackages: { basic: 2, pseudonymous: 20 },
  providers: {
    'a.example': { ...issuing, extra: { ...issuing.extra, rates } },
    'b.example': issuing,
    'c.example': issuing,
  },
})

const PSEUDONYM = /^mimi:\/\/b\.example\/u\/e~[\w-]{22}$/

async function refusalOf(work: () => Promise<unknown>): Promise<ClientError> {
  try {
    await work()
  } catch (error) {
    if (error instanceof ClientError) return error
    throw error
  }
  throw new Error('not refused')
}

/** Sends until it is refused; how many were taken, and the refusal. */
async function flood(client: MimiClient, room: string) {
  for (let sent = 0; sent < 100; sent++) {
    try {
      const outcome = await client.sendText(room, `spam ${sent}`)
      expect(outcome.kind).toBe('accepted')
    } catch (error) {
      if (error instanceof ClientError) return { sent, error }
      throw error
    }
  }
  throw new Error('never refused')
}

test('a member writes under a pseudonym of the day: the hub franks it, members know who it is', async () => {
  const { alice, bob, cathy, room } = clubhouse()
  const uri = await room()
  bob.writeUnnamed(uri)
  const text = `from nobody ${randomUUID()}`
  const sent = await bob.sendText(uri, text)
  expect(sent.kind === 'accepted' && sent.evidence?.senderUri).toMatch(PSEUDONYM)
  for (const reader of [alice, cathy]) {
    const read = await reader.next('message', { room: uri })
    expect(read.text).toBe(text)
    expect(read.sender.user).toBe(bob.user)
    expect(read.evidence?.senderUri).toMatch(PSEUDONYM)
  }
})

test('the pseudonym is the same all day in a room, and another one in another room', async () => {
  const { bob, room } = clubhouse()
  const [one, other] = [await room(), await room()]
  const senders: (string | undefined)[] = []
  for (const uri of [one, one, other]) {
    bob.writeUnnamed(uri)
    const sent = await bob.sendText(uri, 'hello')
    senders.push(sent.kind === 'accepted' ? sent.evidence?.senderUri : undefined)
  }
  expect(senders[0]).toMatch(PSEUDONYM)
  expect(senders[1]).toBe(senders[0])
  expect(senders[2]).not.toBe(senders[0])
})

test('a flood meets 429 in its room, and neither other rooms nor other members do', async () => {
  const { alice, bob, cathy, room } = clubhouse()
  const [uri, other] = [await room(), await room()]
  bob.writeUnnamed(uri)
  const { sent, error } = await flood(bob, uri)
  expect(sent).toBe(6)
  expect(error).toMatchObject({ status: 429 })
  expect(error.retryAfterMs).toBeGreaterThan(0)
  expect((await cathy.sendText(uri, 'still here')).kind).toBe('accepted')
  expect((await alice.sendText(uri, 'me too')).kind).toBe('accepted')
  bob.writeUnnamed(other)
  expect((await bob.sendText(other, 'elsewhere')).kind).toBe('accepted')
})

test('who claims to be somebody else’s pseudonym does not silence it', async () => {
  const { alice, cathy, federation, room } = clubhouse()
  const uri = await room()
  cathy.writeUnnamed(uri)
  await cathy.sendText(uri, 'here I am')
  const { evidence } = await alice.next('message', { room: uri })
  const sendingUri = parseMimiUri(evidence?.senderUri ?? '', 'user')
  const pseudonymId = epochPseudonymId(sendingUri)
  if (pseudonymId === undefined) throw new Error('no pseudonym')
  const place = { hub: parseProviderDomain('a.example'), room: parseMimiUri(uri, 'room') }
  for (let sent = 0; sent < 8; sent += 1) {
    const forged = signSenderProof(
      { privateKey: generatePseudonymKey().privateKey, pseudonymId },
      { ...place, messageHash: randomBytes(32) },
      { epochStart: epochStartSeconds(Date.now()), sequence: sent },
    )
    const reply = await callPeer(federation.provider('a.example'), {
      as: federation.provider('c.example').identity,
      from: 'c.example',
      operation: 'submitMessage',
      target: uri,
      body: messageBody(cathy, uri, { sendingUri }),
      headers: { 'mimi-sender-proof': writeSenderProof(forged) },
    })
    expect(problemOf(reply)).toEqual({ status: 403, code: 'sender-proof-invalid' })
  }
  expect((await cathy.sendText(uri, 'still here')).kind).toBe('accepted')
})

test('a client that is awake in the last hour of a day fetches the pseudonyms of the next', async () => {
  const { alice, federation, room } = clubhouse()
  const [home, uri, time] = [federation.provider('b.example'), await room(), { aheadMs: 0 }]
  const clock = () => Date.now() + time.aheadMs
  const early = await home.client(`early-${randomUUID()}`, { extra: { clock } })
  await early.publishKeyPackages({ basic: 1, pseudonymous: 2 })
  early.connect(alice.connectionCard())
  alice.connect(early.connectionCard())
  expect((await alice.addUser(uri, early.user)).kind).toBe('accepted')
  await early.next('joined', { room: uri })
  early.writeUnnamed(uri)
  expect((await early.sendText(uri, 'today')).kind).toBe('accepted')
  const batches = () => rows(home, 'postern.sqlite')('SELECT 1 FROM issuer_issuances').length
  const before = batches()
  await early.receive()
  expect(batches()).toBe(before)
  const dayMs = 86_400_000
  time.aheadMs = dayMs - (Date.now() % dayMs) - 500
  await early.receive()
  expect(batches()).toBe(before + 1)
}, 30_000)

test('a user of the hub itself writes under a pseudonym too', async () => {
  const { alice, bob, room } = clubhouse()
  const uri = await room()
  alice.writeUnnamed(uri)
  const sent = await alice.sendText(uri, 'from the hub')
  expect(sent.kind === 'accepted' && sent.evidence?.senderUri).toMatch(
    /^mimi:\/\/a\.example\/u\/e~/,
  )
  const read = await bob.next('message', { room: uri })
  expect(read.sender.user).toBe(alice.user)
})

test('a commit before a message would tell who writes: whoever writes unnamed leaves it to others', async () => {
  const { alice, bob, cathy, room } = clubhouse()
  const uri = await room()
  bob.writeUnnamed(uri)
  await cathy.leave(uri)
  await bob.next('proposal', { room: uri })
  const { epoch } = bob.group(uri).context
  expect((await bob.sendText(uri, 'unnamed')).kind).toBe('accepted')
  expect(bob.group(uri).context.epoch).toBe(epoch)
  await alice.next('message', { room: uri })
  expect((await alice.sendText(uri, 'named')).kind).toBe('accepted')
  expect(alice.group(uri).context.epoch).toBe(epoch + 1n)
})

test('who is not in the room has nothing to say there under a pseudonym either', async () => {
  const { alice, bob, room } = clubhouse()
  const uri = await room()
  bob.writeUnnamed(uri)
  expect((await bob.sendText(uri, 'before')).kind).toBe('accepted')
  await alice.removeUser(uri, bob.user)
  expect((await bob.sendText(uri, 'after')).kind).toBe('not-allowed')
})

test('a message under a pseudonym is reported and verified as any other', async () => {
  const { alice, bob, room, federation } = clubhouse()
  const uri = await room()
  bob.writeUnnamed(uri)
  await bob.sendText(uri, 'something rude')
  const { evidence } = await alice.next('message', { room: uri })
  if (evidence === undefined) throw new Error('not franked')
  await alice.report(uri, [evidence], { note: 'look' })
  const reports = federation.provider('a.example')
  expect(reports.domain).toBe('a.example')
})

test('without an issuer a member cannot hide, and is told so', async () => {
  const { room } = clubhouse()
  const uri = await room()
  const stranger = await clubhouse()
    .federation.provider('b.example')
    .client('eve', {
      extra: { tokensUrl: undefined },
    })
  expect(() => stranger.writeUnnamed(uri)).toThrow('unknown-room')
  const refused = await refusalOf(() => stranger.sendText(uri, 'x'))
  expect(refused.code).toBe('unknown-room')
})
