import { expect, test } from 'vitest'
import { DsClient, MEMBER_ROLE, newGroup, pseudonymousIdentity } from '../../support/ds-client.ts'
import { dsNetwork } from '../../support/ds-network.ts'
import { addClient, alice, clubhouse, participantChange, smallRoom } from '../../support/ds-room.ts'
import { until } from '../../support/gateway-calls.ts'

const adam = 'mimi://a.example/u/adam'
const told = {
  id: 'ntc-1',
  subject: 'mimi://b.example/u/bob',
  category: 'harassment',
  verification: 'frank',
  distinctReporters: '2-4',
  timeBucket: '2026-11-29T18',
  messageIds: ['07'.repeat(32)],
}

/** The notices in a client's queue. */
async function notices(client: DsClient): Promise<readonly unknown[]> {
  const events = await client.events()
  return events
    .filter(({ kind }) => kind === 'report-notice')
    .map(({ room, body }) => ({ room, ...(JSON.parse(body.toString()) as object) }))
}

async function clubOfFour() {
  const { network, alice: seat } = await smallRoom()
  const register = async (user: string, name: string) =>
    await new DsClient(network, user, `mimi://a.example/d/${name}`).register()
  const tablet = await register(alice, 'a2')
  await addClient(seat, tablet)
  const other = await register(adam, 'adam-1')
  await addClient(seat, other, [participantChange({ added: [adam] })])
  return { network, phone: seat.client, tablet, other, outside: await register(alice, 'a3') }
}

test('a notice reaches the clients of moderators in the room, and who else is told stays here', async () => {
  const { network, phone, tablet, other, outside } = await clubOfFour()
  const entry = { sequence: 1, room: clubhouse, moderators: [alice, 'mimi://a.example/u/nobody'] }
  network.reportNotices.push({ ...entry, ...told })
  const expected = [{ room: clubhouse, ...told }]
  await until(async () => (await notices(phone)).length > 0)
  expect(await notices(phone)).toEqual(expected)
  expect(await notices(tablet)).toEqual(expected)
  expect(await notices(other)).toEqual([])
  expect(await notices(outside)).toEqual([])
})

test('a moderator under a pseudonym is found by it', async () => {
  const network = await dsNetwork('a.example')
  const client = await new DsClient(network, alice, 'mimi://a.example/d/a1').register()
  const pseudonym = 'mimi://a.example/u/5a0b'
  const identity = pseudonymousIdentity(pseudonym, 'mimi://a.example/d/77')
  await client.createRoom(clubhouse, newGroup(identity, { [pseudonym]: MEMBER_ROLE }))
  const entry = { sequence: 1, room: clubhouse, moderators: [pseudonym] }
  network.reportNotices.push({ ...entry, ...told })
  await until(async () => (await notices(client)).length > 0)
  expect(await notices(client)).toEqual([{ room: clubhouse, ...told }])
})

test('what came while the service was away arrives later, and once', async () => {
  const { network, phone } = await clubOfFour()
  const push = (sequence: number) =>
    network.reportNotices.push({
      sequence,
      room: clubhouse,
      moderators: [alice],
      ...told,
      id: `ntc-${sequence}`,
    } as { sequence: number })
  network.failing.set('a.example', 503)
  push(1)
  await network.restart('a.example')
  expect(await notices(phone)).toEqual([])
  network.failing.delete('a.example')
  await until(async () => (await notices(phone)).length > 0)
  await network.restart('a.example')
  push(2)
  await until(async () => (await notices(phone)).length > 1)
  expect(await notices(phone)).toMatchObject([{ id: 'ntc-1' }, { id: 'ntc-2' }])
})
