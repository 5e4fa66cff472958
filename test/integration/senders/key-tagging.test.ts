import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EpochSenders } from '../../../src/client/tokens/epoch-senders.ts'
import { IssuerConnection } from '../../../src/client/tokens/issuer-connection.ts'
import { parseMimiUri, parseProviderDomain } from '../../../src/model/ids.ts'
import {
  genericBatchRequestCodec,
  genericBatchResponseCodec,
} from '../../../src/privacypass/batch-issuance.ts'
import { writeChallengeHeader } from '../../../src/privacypass/challenge-header.ts'
import { writeIssuerDirectory } from '../../../src/privacypass/issuer-directory.ts'
import { mediaTypes } from '../../../src/privacypass/media-types.ts'
import { pseudonymChallenge } from '../../../src/privacypass/pseudonym-certificate.ts'
import { epochStartSeconds } from '../../../src/privacypass/pseudonym-epoch.ts'
import { readSenderProof } from '../../../src/privacypass/sender-proof.ts'
import { parseToken } from '../../../src/privacypass/token.ts'
import { tokenTypeCodes } from '../../../src/privacypass/token-type.ts'
import { decode, encode } from '../../../src/wire/codec.ts'
import { testIssuerKey } from '../../support/issuer-key.ts'
import { groupOf } from '../../support/mls-members.ts'

// The test plays a hub and an issuer that have agreed to know one member again, by a key of its own.

const hub = parseProviderDomain('a.example')
const home = parseProviderDomain('b.example')
const room = parseMimiUri('mimi://a.example/r/clubhouse', 'room')
const nowMs = Date.UTC(2026, 10, 1, 12)
const everybodys = testIssuerKey(home)
const marking = testIssuerKey(home)

let issuer: Server
let issued = 0

/** Answers whoever asks with the marking key: this listener is the victim's. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'GET') {
    const { publicKey: tokenKey } = marking.tokenKey
    const key = { tokenType: tokenTypeCodes.blindRsa2048, tokenKey }
    response.end(writeIssuerDirectory({ issuerRequestUri: '/token-request', tokenKeys: [key] }))
    return
  }
  const body = Buffer.concat(await request.toArray())
  const { tokenRequests } = decode(genericBatchRequestCodec, body)
  issued += tokenRequests.length
  const tokenResponses = tokenRequests.map((one) => marking.evaluate(one))
  response.setHeader('content-type', mediaTypes.genericBatchResponse)
  response.end(encode(genericBatchResponseCodec, { tokenResponses }))
}

beforeAll(async () => {
  issuer = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve))
})

afterAll(() => {
  issuer.close()
})

/** A member of a room that pins these keys. */
function victim(pinned: ReadonlySet<string> | undefined): EpochSenders {
  const address = issuer.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const url = `http://127.0.0.1:${address.port}`
  return new EpochSenders({
    home,
    issuer: new IssuerConnection({ url, issuer: home, authorization: 'Bearer of-a-victim' }),
    pinned: () => pinned,
    isMember: () => true,
    clock: () => nowMs,
    randomness: (length) => randomBytes(length),
  })
}

/** What the hub asks of the victim, and of nobody else. */
const challenge = writeChallengeHeader([
  {
    challenge: pseudonymChallenge({ hub, room, issuer: home }, epochStartSeconds(nowMs)),
    tokenKey: marking.tokenKey.publicKey,
  },
])

test('hub and issuer mark a member by a key of its own where the room pins none', async () => {
  const member = victim(undefined)
  await member.obtain(room, challenge, 'epoch-pseudonym')
  const [group] = groupOf(['mimi://b.example/u/bob'])
  if (group === undefined) throw new Error('no group')
  const sender = await member.senderFor(room)
  const proof = readSenderProof(sender?.prove(Buffer.from('message'), group.current) ?? '')
  if (proof.admission === undefined) throw new Error('no certificate')
  const { tokenKeyId } = parseToken(proof.admission.token)
  expect(tokenKeyId).toEqual(marking.tokenKey.keyId)
})

test('where the room pins the key of everybody they get nothing: the issuer is not even asked', async () => {
  const before = issued
  const member = victim(new Set([everybodys.tokenKey.keyId.toString('hex')]))
  await expect(member.obtain(room, challenge, 'epoch-pseudonym')).rejects.toMatchObject({
    code: 'unpinned-key',
  })
  expect(issued).toBe(before)
})

test('an honest challenge with a marking directory gets nothing either', async () => {
  const before = issued
  const member = victim(new Set([everybodys.tokenKey.keyId.toString('hex')]))
  const honest = writeChallengeHeader([
    {
      challenge: pseudonymChallenge({ hub, room, issuer: home }, epochStartSeconds(nowMs)),
      tokenKey: everybodys.tokenKey.publicKey,
    },
  ])
  await expect(member.obtain(room, honest, 'epoch-pseudonym')).rejects.toMatchObject({
    code: 'issuer-key-mismatch',
  })
  expect(issued).toBe(before)
})
