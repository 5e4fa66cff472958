import { expect, test } from 'vitest'
import { DsClient, proposalBundle, submission } from '../../support/ds-client.ts'
import {
  addClient,
  alice,
  bob,
  clubhouse,
  smallRoom,
  type SmallRoom,
} from '../../support/ds-room.ts'
import { until } from '../../support/gateway-calls.ts'
import { decode, encode } from '../../../src/wire/codec.ts'
import { componentIds } from '../../../src/wire/mls/app-data.ts'
import { safeAadCodec } from '../../../src/wire/mls/safe-aad.ts'
import { updateRoomResponseCodec } from '../../../src/wire/mimi/update.ts'

/** Orders a sanction, and waits until the delivery service has told what it did. */
async function order({ network }: SmallRoom, sanction: object): Promise<object | undefined> {
  const sequence = network.sanctions.length + 1
  const id = `san-${sequence}`
  network.sanctions.push({ sequence, id, room: clubhouse, ...sanction } as { sequence: number })
  await until(() => network.sanctionResults.length >= sequence)
  return network.sanctionResults.at(-1)
}

const applied = (id: string) => ({ id, result: 'applied', dropped: 0 })

test('whom the gateway bans is refused here too, but may leave, and is taken again after an unban', async () => {
  const room = await smallRoom()
  expect(await order(room, { kind: 'ban', participant: bob })).toEqual(applied('san-1'))
  const submit = () => room.bob.client.submit(clubhouse, room.bob.group)
  expect((await submit()).statusCode).toBe('notAllowed')
  expect((await room.alice.client.submit(clubhouse, room.alice.group)).statusCode).toBe('accepted')
  await room.network.restart('a.example')
  expect((await submit()).statusCode).toBe('notAllowed')

  expect(await order(room, { kind: 'unban', participant: bob })).toEqual(applied('san-2'))
  expect((await submit()).statusCode).toBe('accepted')
  await order(room, { kind: 'ban', participant: bob })
  const leaving = room.bob.group.propose({ kind: 'self-remove' })
  const answer = await room.bob.client.operation('update', clubhouse, proposalBundle(leaving))
  expect(decode(updateRoomResponseCodec, answer.bytes).responseCode).toBe('success')
})

test('what it need not do it leaves to the gateway', async () => {
  const room = await smallRoom()
  const limit = { kind: 'limit', participant: bob, divisor: 4, expiresAtMs: 1 }
  expect(await order(room, limit)).toMatchObject({ result: 'left-to-gateway' })
  expect(await order(room, { kind: 'something-new' })).toMatchObject({ result: 'left-to-gateway' })
})

test('clients do not get what is retracted while it waits for them, nor what comes late', async () => {
  const room = await smallRoom()
  const tablet = await new DsClient(room.network, alice, 'mimi://a.example/d/a2').register()
  await addClient(room.alice, tablet)
  const before = await tablet.eventually(1)
  const frankingTag = '07'.repeat(32)
  await order(room, { kind: 'retract', frankingTag })
  const item = { componentId: componentIds.frankAad, data: Buffer.from(frankingTag, 'hex') }
  const authenticatedData = encode(safeAadCodec, { aadItems: [item] })
  const late = submission(room.alice.group, alice, { authenticatedData })
  expect((await room.alice.client.operation('submitMessage', clubhouse, late)).status).toBe(200)
  await room.alice.client.submit(clubhouse, room.alice.group)
  const events = await tablet.eventually(before.length + 1)
  expect(events.slice(before.length)).toHaveLength(1)
})
