import { hash, randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { EpochSenders } from '../../../../src/client/tokens/epoch-senders.ts'
import { IssuerConnection } from '../../../../src/client/tokens/issuer-connection.ts'
import { roomAuthKeyPair } from '../../../../src/client/mls/room-auth-key.ts'
import { parseMimiUri, parseProviderDomain } from '../../../../src/model/ids.ts'
import { writeChallengeHeader } from '../../../../src/privacypass/challenge-header.ts'
import { verifyMembership } from '../../../../src/privacypass/membership-proof.ts'
import { pseudonymChallenge } from '../../../../src/privacypass/pseudonym-certificate.ts'
import { epochSeconds, epochStartSeconds } from '../../../../src/privacypass/pseudonym-epoch.ts'
import { readSenderProof } from '../../../../src/privacypass/sender-proof.ts'
import { commitAndFollow, groupOf } from '../../../support/mls-members.ts'

const hub = parseProviderDomain('a.example')
const home = parseProviderDomain('b.example')
const room = parseMimiUri('mimi://a.example/r/clubhouse', 'room')
const nowMs = Date.UTC(2026, 10, 1, 12)
const epochStart = epochStartSeconds(nowMs)
const challenge = pseudonymChallenge({ hub, room, issuer: home }, epochStart)
const tokenKey = Buffer.alloc(8, 1)

/** The issuer has no directory: what matters is whether it is asked. */
let issuer: Server
let asked = 0
let senders: EpochSenders
let pinned: ReadonlySet<string> | undefined

beforeAll(async () => {
  issuer = createServer((_, response) => {
    asked += 1
    response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve))
})

afterAll(() => {
  issuer.close()
})

beforeEach(() => {
  asked = 0
  pinned = undefined
  const address = issuer.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  senders = new EpochSenders({
    home,
    issuer: new IssuerConnection({
      url: `http://127.0.0.1:${address.port}`,
      issuer: home,
      authorization: 'Bearer of-a-test',
    }),
    pinned: () => pinned,
    isMember: () => true,
    clock: () => nowMs,
    randomness: (length) => randomBytes(length),
  })
})

const obtain = (header: string) => senders.obtain(room, header, 'epoch-pseudonym')

test('a challenge that is computed from public data is taken to the issuer', async () => {
  await expect(obtain(writeChallengeHeader([{ challenge, tokenKey }]))).rejects.toMatchObject({
    code: 'refused',
  })
  expect(asked).toBe(1)
})

const others = [
  ['of another issuer', { ...challenge, issuerName: 'c.example' }],
  ['of another hub', { ...challenge, originInfo: 'c.example' }],
  ['with one origin more', { ...challenge, originInfo: 'a.example,c.example' }],
  ['without a context', { ...challenge, redemptionContext: Buffer.alloc(0) }],
  ['with a context of its own', { ...challenge, redemptionContext: Buffer.alloc(32, 7) }],
  [
    'of another room',
    pseudonymChallenge(
      { hub, room: parseMimiUri('mimi://a.example/r/lobby', 'room'), issuer: home },
      epochStart,
    ),
  ],
  [
    'of the day after tomorrow',
    pseudonymChallenge({ hub, room, issuer: home }, epochStart + 2 * epochSeconds),
  ],
] as const

test.each(others)('a challenge %s would mark us: nobody is asked', async (_, other) => {
  const headers = [
    writeChallengeHeader([{ challenge: other, tokenKey }]),
    writeChallengeHeader([
      { challenge, tokenKey },
      { challenge: other, tokenKey },
    ]),
  ]
  for (const header of headers)
    await expect(obtain(header)).rejects.toMatchObject({ code: 'foreign-challenge' })
  expect(asked).toBe(0)
})

test.each([
  ['no offer', ''],
  ['no key', writeChallengeHeader([{ challenge }])],
  [
    'three keys',
    writeChallengeHeader(
      [1, 2, 3].map((octet) => ({ challenge, tokenKey: Buffer.alloc(8, octet) })),
    ),
  ],
  ['another scheme', 'Basic realm="a.example"'],
  ['no base64url', 'PrivateToken challenge="?", token-key="?"'],
])('a header with %s is refused: nobody is asked', async (_, header) => {
  await expect(obtain(header)).rejects.toMatchObject({ code: 'foreign-challenge' })
  expect(asked).toBe(0)
})

test('each MLS epoch a pseudonym is said to be of a member until the hub has taken a message', async () => {
  const [group] = groupOf(['mimi://b.example/u/bob'])
  if (group === undefined) throw new Error('no group')
  senders.use(room)
  const sender = await senders.senderFor(room)
  if (sender === undefined) throw new Error('no pseudonym')
  const shown = () =>
    readSenderProof(sender.prove(Buffer.from('a message'), group.current)).membership
  expect(shown()?.mlsEpoch).toBe(group.context.epoch)
  const scope = { hub, room, mlsEpoch: group.context.epoch }
  const { pseudonymId } = readSenderProof(sender.prove(Buffer.alloc(1), group.current))
  const { publicKey } = roomAuthKeyPair(group.current)
  const proof = shown()
  expect(proof && verifyMembership(proof, publicKey, { scope, pseudonymId })).toBe(true)
  sender.accepted()
  expect(shown()).toBeUndefined()
  // A hub may forget.
  sender.unproven()
  expect(shown()).toEqual(proof)
  sender.accepted()
  commitAndFollow([group])
  expect(shown()?.mlsEpoch).toBe(group.context.epoch)
})

test('a key that the room has not pinned is refused: nobody is asked', async () => {
  const other = Buffer.alloc(8, 2)
  pinned = new Set([hash('sha256', tokenKey)])
  const headers = [
    writeChallengeHeader([{ challenge, tokenKey: other }]),
    writeChallengeHeader([
      { challenge, tokenKey },
      { challenge, tokenKey: other },
    ]),
  ]
  for (const header of headers)
    await expect(obtain(header)).rejects.toMatchObject({ code: 'unpinned-key' })
  expect(asked).toBe(0)
})

test('a pinned key is taken to the issuer', async () => {
  pinned = new Set([hash('sha256', tokenKey), hash('sha256', Buffer.alloc(8, 2))])
  await expect(obtain(writeChallengeHeader([{ challenge, tokenKey }]))).rejects.toMatchObject({
    code: 'refused',
  })
  expect(asked).toBe(1)
})
