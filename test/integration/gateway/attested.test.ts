import { beforeAll, expect, test } from 'vitest'
import { attestedHeader, parseAttestedHeader } from '../../../src/metadata/attested.ts'
import { newRoomUri, addMember, message, useClubhouse } from '../../support/clubhouse.ts'
import { callPeer, problemOf, rows, until } from '../../support/gateway-calls.ts'
import { notificationOf } from '../../support/peer-requests.ts'
import { messageBody } from '../../support/raw-requests.ts'

// Two enterprises with a compliance room, and what their gateways tell each other beside MIMI.
const compliance = { asHub: ['compliance'], asFollower: ['compliance'] }
const enterprise = { policies: 'enterprise', rooms: { profile: 'enterprise', region: 'EU' } }
const ours = { organisation: 'A Holding', deviceClass: 'managed', country: 'FR' }
const theirs = { organisation: 'B & Söhne', deviceClass: 'personal', country: 'DE' }
const clubhouse = useClubhouse({
  providers: {
    'a.example': { ...enterprise, extra: { defaultSuites: compliance, attested: ours } },
    'b.example': { ...enterprise, extra: { defaultSuites: compliance, attested: theirs } },
  },
})
let room: string

const provider = (domain: string) => clubhouse().federation.provider(domain)

beforeAll(async () => {
  const { alice, bob } = clubhouse()
  room = newRoomUri()
  await alice.createRoom({ room, name: 'Ledger', suite: 'compliance' })
  await addMember(alice, bob, room)
}, 30_000)

/** Fields of the newest events of a kind in a gateway's journal. */
function journal(domain: string, kind: string): readonly Record<string, unknown>[] {
  const read = rows(provider(domain), 'postern.sqlite')
  const found = read('SELECT fields FROM events WHERE kind = ? ORDER BY id', kind)
  return found.map((row) => {
    const { fields } = row as { fields: string }
    return JSON.parse(fields) as Record<string, unknown>
  })
}

/** A message of Bob's at the hub, with this header. */
function submit(header: string | undefined) {
  return callPeer(provider('a.example'), {
    as: provider('b.example').identity,
    from: 'b.example',
    operation: 'submitMessage',
    target: room,
    body: messageBody(clubhouse().bob, room),
    headers: { 'mimi-metadata-suite': 'compliance', 'mimi-compliance-metadata': header },
  })
}

test('the hub keeps what the sending provider attests, and the time of each delivery', async () => {
  const { alice, bob } = clubhouse()
  expect((await bob.sendText(room, 'on the record')).kind).toBe('accepted')
  await message(alice, 'on the record')
  const attested = {
    'sender.organisation': 'B & Söhne',
    'sender.deviceClass': 'personal',
    'sender.country': 'DE',
  }
  await until(() => journal('a.example', 'message.accepted').length > 0)
  expect(journal('a.example', 'message.accepted').at(-1)).toMatchObject(attested)
  expect((await alice.sendText(room, 'our own')).kind).toBe('accepted')
  await message(bob, 'our own')
  await until(() => journal('a.example', 'delivery.attested').length > 0)
  const [delivery] = journal('a.example', 'delivery.attested')
  expect(Number(delivery?.['delivery.time']) % 1_000).toBe(0)
  expect(Date.now() - Number(delivery?.['delivery.time'])).toBeLessThan(60_000)
  await until(() =>
    journal('a.example', 'message.accepted').some(
      (fields) => fields['sender.organisation'] === 'A Holding',
    ),
  )
})

test('a message without what the suite requires is refused', async () => {
  const { deviceClass: _deviceClass, ...some } = theirs
  const partial = attestedHeader({ ...some, deviceClass: undefined })
  for (const header of [undefined, partial]) {
    const answer = await submit(header)
    // In the protocol's own words: not allowed.
    expect([answer.status, answer.body.length]).toEqual([200, 2])
  }
  const whole = attestedHeader({ ...theirs, deviceClass: 'personal' })
  expect((await submit(whole)).body.length).toBeGreaterThan(2)
})

test('a header in another spelling is malformed', async () => {
  const header = attestedHeader({ ...theirs, deviceClass: 'personal' }) ?? ''
  for (const wrong of [`${header}AA`, header.slice(0, -4), '!!!!', 'A'.repeat(600)])
    expect(problemOf(await submit(wrong))).toEqual({ status: 400, code: 'malformed-request' })
})

test('a follower says when it took a notification, in the bucket of the suite', async () => {
  const submission = messageBody(clubhouse().alice, room)
  const answer = await callPeer(provider('b.example'), {
    as: provider('a.example').identity,
    from: 'a.example',
    ...notificationOf(submission, room, Date.now()),
    headers: { 'mimi-metadata-suite': 'compliance' },
  })
  expect(answer.status).toBe(201)
  const header = String(answer.headers['mimi-compliance-metadata'])
  const { deliveredAt = 1n, ...rest } = parseAttestedHeader(header) ?? {}
  expect(deliveredAt % 1_000n).toBe(0n)
  expect(Object.values(rest)).toEqual([undefined, undefined, undefined])
})
