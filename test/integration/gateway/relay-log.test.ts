import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { openGatewayStore } from '../../../src/assembly/stores.ts'
import type { FrankEvidence } from '../../../src/client/mimi/franked-message.ts'
import { readApplicationData } from '../../../src/franking/application-data.ts'
import { createRelayLog, type OwnLogMatch } from '../../../src/franking/relay-log.ts'
import { loadDayKeys } from '../../../src/keys/day-keys.ts'
import { message, newRoomUri, useClubhouse } from '../../support/clubhouse.ts'
import { rows, until } from '../../support/gateway-calls.ts'

// Cathy of c.example writes into a room of a.example, Bob of b.example reads it.
const clubhouse = useClubhouse()
let room: string

beforeAll(async () => {
  room = await clubhouse().room()
}, 30_000)

const provider = (domain: string) => clubhouse().federation.provider(domain)

async function said(text: string, uri = room): Promise<FrankEvidence> {
  const { bob, cathy } = clubhouse()
  await cathy.sendText(uri, text)
  const { evidence } = await message(bob, text)
  if (evidence === undefined) throw new Error('no evidence')
  return evidence
}

/** What a provider finds in its own log for the content that a report shows. */
async function ownLog(domain: string, { applicationData }: FrankEvidence): Promise<OwnLogMatch> {
  const { directory } = provider(domain)
  await using store = await openGatewayStore(directory)
  const keys = await loadDayKeys(join(directory, 'keys', 'days'))
  const tag = readApplicationData(applicationData)?.frankingTag
  if (tag === undefined) throw new Error('no content')
  return createRelayLog({ store, keys }).matchOwnLog(room, tag)
}

const logged = (domain: string) =>
  rows(provider(domain), 'postern.sqlite')('SELECT 1 FROM relay_log').length

test('hub, sender’s and reporter’s provider can each check a report against a log of their own', async () => {
  const before = ['a.example', 'b.example', 'c.example'].map(logged)
  const evidence = await said('into three logs')
  await until(() =>
    ['a.example', 'b.example', 'c.example'].every(
      (domain, index) => logged(domain) > (before[index] ?? 0),
    ),
  )
  const seen = {
    kind: 'relayed',
    timestampMs: Number(evidence.acceptedTimestamp),
    serverFrank: evidence.frank.serverFrank,
  }
  const sender = evidence.senderUri
  expect(await ownLog('a.example', evidence)).toEqual({
    ...seen,
    sender,
    sequence: expect.any(BigInt),
  })
  expect(await ownLog('c.example', evidence)).toEqual({ ...seen, sender, sequence: undefined })
  expect(await ownLog('b.example', evidence)).toEqual({ ...seen, sender: '', sequence: undefined })
})

test('content that nobody relayed is in none of them', async () => {
  const evidence = await said('as it was')
  const applicationData = Buffer.from(evidence.applicationData)
  applicationData.write('is', applicationData.indexOf('was'))
  for (const domain of ['a.example', 'b.example', 'c.example'])
    expect(await ownLog(domain, { ...evidence, applicationData })).toEqual({ kind: 'not-relayed' })
})

test('numbers in the hub’s log tell how many messages lie between two', async () => {
  const [first, , third] = [await said('one'), await said('two'), await said('three')]
  const numbers = await Promise.all([first, third].map((one) => ownLog('a.example', one)))
  const [from, to] = numbers.map((match) => (match.kind === 'relayed' ? match.sequence : undefined))
  expect((to ?? 0n) - (from ?? 0n)).toBe(2n)
})

test('only rooms whose suite knows franks are covered', async () => {
  const { alice } = clubhouse()
  await alice.createRoom({ room: newRoomUri(), name: '', suite: 'bare-minimum' })
  const covered = rows(provider('a.example'), 'postern.sqlite')('SELECT room FROM relay_log_rooms')
  expect(covered).toEqual([{ room }])
})
