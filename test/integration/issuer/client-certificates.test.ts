import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { EpochSenders } from '../../../src/client/tokens/epoch-senders.ts'
import { IssuerConnection } from '../../../src/client/tokens/issuer-connection.ts'
import type { Standing } from '../../../src/issuer/token-class.ts'
import { parseMimiUri, parseProviderDomain, type MimiUri } from '../../../src/model/ids.ts'
import { writeChallengeHeader } from '../../../src/privacypass/challenge-header.ts'
import { pseudonymChallenge } from '../../../src/privacypass/pseudonym-certificate.ts'
import { epochStartSeconds } from '../../../src/privacypass/pseudonym-epoch.ts'
import { readSenderProof } from '../../../src/privacypass/sender-proof.ts'
import { challengeBytes, challengeDigest } from '../../../src/privacypass/token-challenge.ts'
import { parseToken } from '../../../src/privacypass/token.ts'
import { rows } from '../../support/gateway-calls.ts'
import { DAY_MS, NOON_MS, useIssuingProvider } from '../../support/issuing-provider.ts'
import { groupOf } from '../../support/mls-members.ts'

const issuing = useIssuingProvider()
const hub = parseProviderDomain('b.example')
const home = parseProviderDomain('a.example')
const rooms = Array.from({ length: 9 }, (_, at) =>
  parseMimiUri(`mimi://b.example/r/room-${at}`, 'room'),
)
const [group] = groupOf(['mimi://a.example/u/alice'])
const left = new Set<string>()

/** A client of an account, which writes under pseudonyms in nine rooms of one hub. */
async function openClient(standing: Standing) {
  const { time, url } = issuing()
  const account = issuing().client(standing)
  const senders = new EpochSenders({
    home,
    issuer: new IssuerConnection({ url, issuer: home, authorization: `Bearer ${account.secret}` }),
    pinned: () => undefined,
    isMember: (room) => !left.has(room),
    clock: () => time.nowMs,
    randomness: (length) => randomBytes(length),
  })
  for (const room of rooms) senders.use(room)
  const tokenKey = await account.key('message')
  const obtain = (room: MimiUri) => {
    const challenge = challengeOf(room, epochStartSeconds(time.nowMs))
    return senders.obtain(room, writeChallengeHeader([{ challenge, tokenKey }]), 'epoch-pseudonym')
  }
  /** What the next message in a room shows to get in. */
  const admissionIn = async (room: MimiUri) => {
    const sender = await senders.senderFor(room)
    const proof = sender?.prove(Buffer.from('a message'), group!.current)
    return proof === undefined ? undefined : readSenderProof(proof).admission
  }
  const certified = async () => {
    const admissions = await Promise.all(rooms.map(admissionIn))
    return rooms.filter((_, at) => admissions[at] !== undefined)
  }
  return { senders, obtain, admissionIn, certified }
}

function challengeOf(room: MimiUri, epochStart: number) {
  return pseudonymChallenge({ hub, room, issuer: home }, epochStart)
}

/** Batches that the issuer has given to anybody. */
function batches(): number {
  return rows(issuing().provider, 'postern.sqlite')('SELECT 1 FROM issuer_issuances').length
}

test('one batch certifies the pseudonyms of as many rooms as it has tokens, each for its own room', async () => {
  const { obtain, admissionIn, certified } = await openClient('normal')
  const before = batches()
  await obtain(rooms[8]!)
  expect(batches() - before).toBe(1)
  expect(await certified()).toEqual([...rooms.slice(0, 7), rooms[8]])
  const epochStart = epochStartSeconds(NOON_MS)
  const nonces = new Set<string>()
  for (const room of [rooms[0]!, rooms[8]!]) {
    const { challengeDigest: digest, nonce } = parseToken((await admissionIn(room))!.token)
    expect(digest).toEqual(challengeDigest(challengeBytes(challengeOf(room, epochStart))))
    nonces.add(nonce.toString('hex'))
  }
  expect(nonces.size).toBe(2)
  // The ninth asks for itself.
  await obtain(rooms[7]!)
  expect(batches() - before).toBe(2)
  expect(await certified()).toEqual(rooms)
})

test('in the last hour of a day those of the next are fetched, once, and today’s stay', async () => {
  const { senders, obtain, certified } = await openClient('normal')
  const { time } = issuing()
  await obtain(rooms[0]!)
  const today = await Promise.all(rooms.map((room) => senders.senderFor(room)))
  const midnightMs = NOON_MS + DAY_MS / 2
  expect(senders.isDue()).toBe(false)
  time.nowMs = midnightMs - 3_600_001
  expect(senders.isDue()).toBe(false)
  time.nowMs = midnightMs - 1
  expect(senders.isDue()).toBe(true)
  await senders.takeAhead()
  expect(senders.isDue()).toBe(false)
  const stillToday = await Promise.all(rooms.map((room) => senders.senderFor(room)))
  expect(stillToday.map((sender) => sender?.uri)).toEqual(today.map((sender) => sender?.uri))

  const before = batches()
  time.nowMs = midnightMs + 1
  expect(await certified()).toEqual(rooms)
  const tomorrow = await Promise.all(rooms.map((room) => senders.senderFor(room)))
  expect(new Set([...today, ...tomorrow].map((sender) => sender?.uri)).size).toBe(18)
  expect(batches()).toBe(before)
})

test('a room that we have left gets none; whoever has had its batch is refused once, and keeps what it has', async () => {
  const { senders, obtain, certified } = await openClient('new')
  left.add(rooms[1]!)
  await obtain(rooms[0]!)
  left.clear()
  issuing().time.nowMs = NOON_MS + DAY_MS / 2 - 1
  await expect(senders.takeAhead()).rejects.toMatchObject({ problem: 'quota-exhausted' })
  expect(senders.isDue()).toBe(false)
  expect(await certified()).toEqual([rooms[0], ...rooms.slice(2)])
})

test('nobody is asked for where we write under pseudonyms nowhere, or where no hub has said what it takes', async () => {
  const { senders } = await openClient('normal')
  const before = batches()
  issuing().time.nowMs = NOON_MS + DAY_MS / 2 - 1
  await senders.takeAhead()
  expect(batches()).toBe(before)
  const idle = new EpochSenders({
    home,
    issuer: new IssuerConnection({ url: issuing().url, issuer: home, authorization: 'none' }),
    pinned: () => undefined,
    isMember: (room) => !left.has(room),
    clock: () => issuing().time.nowMs,
    randomness: (length) => randomBytes(length),
  })
  expect(idle.isDue()).toBe(false)
})
