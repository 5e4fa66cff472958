import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { decode, encode } from '../../../src/wire/codec.ts'
import { groupInfoResponseCodec } from '../../../src/wire/mimi/group-info.ts'
import { identifierResponseCodec } from '../../../src/wire/mimi/identifier-query.ts'
import { keyMaterialResponseCodec } from '../../../src/wire/mimi/key-material.ts'
import { updateRoomResponseCodec } from '../../../src/wire/mimi/update.ts'
import { newRoomUri, useClubhouse } from '../../support/clubhouse.ts'
import { FaultyUpstream } from '../../support/faulty-upstream.ts'
import { callPeer } from '../../support/gateway-calls.ts'
import {
  consentGrant,
  consentRequest,
  groupInfoFor,
  keyMaterialByName,
  keyMaterialFor,
  leafIdentity,
  searchByHandle,
  type Prepared,
} from '../../support/peer-requests.ts'
import { commitBody } from '../../support/raw-requests.ts'

// a.example serves b.example under moderated-pseudonyms and hides who and what exists; c.example
// serves it under identified and an agreement, and hides nothing. Both have talkative delivery services.
const talkativeA = await new FaultyUpstream().start()
const talkativeC = await new FaultyUpstream().start()
const identified = { suites: { asHub: ['identified'], asFollower: ['moderated-pseudonyms'] } }
const clubhouse = useClubhouse({
  providers: {
    'a.example': { upstream: talkativeA },
    'c.example': {
      upstream: talkativeC,
      policies: 'enterprise',
      peerOf: (domain) => (domain === 'b.example' ? identified : {}),
    },
  },
})
let room: string

beforeAll(async () => {
  room = await clubhouse().room()
}, 30_000)
afterEach(() => {
  talkativeA.answers.clear()
  talkativeC.answers.clear()
})
afterAll(async () => {
  await talkativeA[Symbol.asyncDispose]()
  await talkativeC[Symbol.asyncDispose]()
})

const alice = 'mimi://a.example/u/alice'
const bob = 'mimi://b.example/u/bob'
const cathy = 'mimi://c.example/u/cathy'

function ask(domain: 'a.example' | 'c.example', request: Prepared) {
  const { federation } = clubhouse()
  const as = federation.provider('b.example').identity
  return callPeer(federation.provider(domain), { as, from: 'b.example', ...request })
}

function say(operation: string, bytes: Buffer, status = 200): void {
  for (const upstream of [talkativeA, talkativeC])
    upstream.answers.set(operation, { status, bytes })
}

describe('keyMaterial', () => {
  const statuses = ['userUnknown', 'userDeleted', 'noConsentForThisRoom', 'noConsent'] as const

  const answerOf = (userUri: string, userStatus: (typeof statuses)[number]) =>
    encode(keyMaterialResponseCodec, { protocol: 'mls10', userStatus, userUri, clients: [] })

  test.for(statuses)('%s looks like noConsent', async (status) => {
    say('keyMaterial', answerOf(alice, status))
    const { body } = await ask('a.example', keyMaterialFor(clubhouse().bob, room, alice))
    expect(body).toEqual(answerOf(alice, 'noConsent'))
  })

  test('a user who is not there looks like noConsent', async () => {
    const nobody = 'mimi://a.example/u/nobody'
    const { body } = await ask('a.example', keyMaterialFor(clubhouse().bob, room, nobody))
    expect(body).toEqual(answerOf(nobody, 'noConsent'))
  })

  test.for(statuses)('%s is said where the agreement says so', async (status) => {
    say('keyMaterial', answerOf(cathy, status))
    const { body } = await ask('c.example', keyMaterialByName(bob, cathy))
    expect(body).toEqual(answerOf(cathy, status))
  })
})

describe('update', () => {
  const refused = { responseCode: 'notAllowed', errorDescription: 'Mallory is on leave' } as const

  test('the text beside the code is emptied, the code stays', async () => {
    say('update', encode(updateRoomResponseCodec, refused))
    const request: Prepared = {
      operation: 'update',
      target: room,
      body: commitBody(clubhouse().bob, room),
    }
    const { body } = await ask('a.example', request)
    expect(decode(updateRoomResponseCodec, body)).toEqual({ ...refused, errorDescription: '' })
  })

  test('epoch and proposal references stay', async () => {
    const body = commitBody(clubhouse().bob, room)
    const request: Prepared = { operation: 'update', target: room, body }
    const wrongEpoch = { responseCode: 'wrongEpoch', currentEpoch: 77n } as const
    say('update', encode(updateRoomResponseCodec, { ...wrongEpoch, errorDescription: 'no' }))
    const first = await ask('a.example', request)
    expect(decode(updateRoomResponseCodec, first.body)).toMatchObject(wrongEpoch)
    const invalid = {
      responseCode: 'invalidProposal',
      invalidProposals: [Buffer.alloc(32, 7)],
    } as const
    say('update', encode(updateRoomResponseCodec, { ...invalid, errorDescription: 'no' }))
    const second = await ask('a.example', request)
    expect(decode(updateRoomResponseCodec, second.body)).toMatchObject({
      ...invalid,
      errorDescription: '',
    })
  })
})

/** What b.example is told of a room that Bob wants to join. */
async function roomStatus(uri: string): Promise<string> {
  const request = groupInfoFor(leafIdentity(clubhouse().bob, room), uri)
  const reply = await ask('a.example', request)
  expect(reply.status).toBe(200)
  const answer = decode(groupInfoResponseCodec, reply.body)
  expect(answer.roomId.toString()).toBe(uri)
  return answer.status
}

describe('groupInfo', () => {
  test('a room that the delivery service does not know looks like one that is closed', async () => {
    say('groupInfo', Buffer.alloc(0), 404)
    expect(await roomStatus(room)).toBe('notAuthorized')
    say('groupInfo', Buffer.alloc(0), 403)
    expect(await roomStatus(room)).toBe('notAuthorized')
  })

  test('a room that the gateway does not know looks like one that is closed', async () => {
    expect(await roomStatus(newRoomUri())).toBe('notAuthorized')
  })
})

function consents(user: string): readonly Prepared[] {
  return [
    consentRequest({ requester: bob, target: user }),
    consentGrant({ requester: user, target: bob }),
  ]
}

describe('consent', () => {
  test('a user who is not there is answered like one who is', async () => {
    for (const user of [alice, 'mimi://a.example/u/nobody'])
      for (const request of consents(user)) {
        const { status, body } = await ask('a.example', request)
        expect([user, status, body.length]).toEqual([user, 201, 0])
      }
  })

  test('where the agreement says so, a user who is not there is not found', async () => {
    for (const request of consents('mimi://c.example/u/nobody'))
      expect((await ask('c.example', request)).status).toBe(404)
  })
})

let searches = 0

/** What b.example finds at a provider; never for the same handle, which has a budget. */
async function searched(domain: 'a.example' | 'c.example') {
  searches += 1
  const { body } = await ask(domain, searchByHandle(domain, `alice-${searches}`))
  return decode(identifierResponseCodec, body)
}

describe('identifierQuery', () => {
  const found = {
    responseCode: 'success',
    uri: [alice],
    foundProfiles: [
      {
        stableUri: alice,
        fields: [
          {
            fieldSource: 'oidcStdClaim',
            fieldName: 'email',
            fieldValue: Buffer.from('alice@mail.example'),
          },
        ],
      },
    ],
    idResponseExtensions: { componentData: [] },
  } as const
  const empty = { ...found, uri: [], foundProfiles: [] }

  test.for(['ambiguous', 'forbidden', 'notFound'] as const)(
    '%s looks like notFound',
    async (responseCode) => {
      say('identifierQuery', encode(identifierResponseCodec, { ...empty, responseCode }))
      expect(await searched('a.example')).toEqual({ ...empty, responseCode: 'notFound' })
      expect(await searched('c.example')).toEqual({ ...empty, responseCode })
    },
  )

  test('a found profile keeps its URI and nothing else', async () => {
    say('identifierQuery', encode(identifierResponseCodec, found))
    const foundProfiles = [{ stableUri: alice, fields: [] }]
    expect(await searched('a.example')).toEqual({ ...found, foundProfiles })
    expect(await searched('c.example')).toEqual(found)
  })
})
