import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { useClubhouse } from '../../support/clubhouse.ts'
import { rows } from '../../support/gateway-calls.ts'
import { comesTo, control, look, order, undo } from '../../support/sanctions.ts'

// What a hub sends to the provider of a sender, through whatever comes in between. Rooms of three hide no
// reporter, so that the hub has routing policies of its own.
const policies = mkdtempSync(join(tmpdir(), 'postern-test-'))
writeFileSync(
  join(policies, 'routing.cedar'),
  `@id("decided") @reason("a test")
permit (principal is Provider, action == Action::"receive:notice", resource)
when { principal == resource.senderProvider && resource.decided };`,
)
afterAll(() => rmSync(policies, { recursive: true, force: true }))

const extra = { routingPolicies: policies }
const clubhouse = useClubhouse({ providers: { 'a.example': { extra } } })
const hub = () => clubhouse().federation.provider('a.example')
let room: string
let participant: string

beforeAll(async () => {
  room = await clubhouse().room()
  participant = clubhouse().cathy.participant(room)
}, 60_000)

/** Changes the hub's store behind its back. */
function change(sql: string, ...values: readonly string[]): void {
  const database = new DatabaseSync(join(hub().directory, 'postern.sqlite'), { timeout: 5_000 })
  try {
    if (values.length === 0) database.exec(sql)
    else database.prepare(sql).run(...values)
  } finally {
    database.close()
  }
}

/** Leaves the hub as a crash would that let go by all but this change. */
async function restarted(sql: string, ...values: readonly string[]): Promise<void> {
  await hub().stop()
  change(sql, ...values)
  await hub().start()
}

const PENDING = `UPDATE sanctions SET state = 'pending' WHERE id = ?`
const sentAbout = (id: string) =>
  rows(hub(), 'postern.sqlite')('SELECT type FROM notices_sent WHERE about = ?', id)
const deniedBy = (id: string) =>
  rows(hub(), 'postern.sqlite')('SELECT lifted FROM strike_reasons WHERE cause = ?', id)

const statement = (ref: string) => ({
  kind: 'notify',
  room,
  provider: 'c.example',
  participant,
  statementRef: ref,
  notice: 'statement',
})
const strike = (octet: string) => ({
  kind: 'strike',
  room,
  provider: 'c.example',
  participant,
  severity: 'low',
  frankingTag: octet.repeat(32),
})

test('a statement whose sending was cut short is sent after the restart, and once', async () => {
  const { sanction } = await order(hub(), statement('dec-1'))
  await restarted(PENDING, sanction.id)
  await comesTo(hub(), sanction.id, 'enforced-at-hub')
  expect(sentAbout(sanction.id)).toHaveLength(1)
  await hub().stop()
  change('DELETE FROM notices_sent WHERE about = ?', sanction.id)
  change(PENDING, sanction.id)
  await hub().start()
  await comesTo(hub(), sanction.id, 'enforced-at-hub')
  expect(sentAbout(sanction.id)).toHaveLength(1)
}, 60_000)

test('a strike whose sending was cut short is sent after the restart', async () => {
  const { sanction } = await order(hub(), strike('a1'))
  await hub().stop()
  change('DELETE FROM notices_sent WHERE about = ?', sanction.id)
  change('DELETE FROM strike_reasons WHERE cause = ?', sanction.id)
  change(PENDING, sanction.id)
  await hub().start()
  await comesTo(hub(), sanction.id, 'enforced-at-hub')
  expect(sentAbout(sanction.id)).toEqual([{ type: 'strike' }])
  expect(deniedBy(sanction.id)).toEqual([{ lifted: 0 }])
}, 60_000)

test('a strike is undone only once what takes it back was sent', async () => {
  const { sanction } = await order(hub(), strike('a2'))
  change(NOTHING_SENT)
  await expect(undo(hub(), sanction.id)).rejects.toThrow('store-unavailable')
  expect((await look(hub(), sanction.id)).state).toBe('enforced-at-hub')
  await hub().stop()
  change('DROP TRIGGER nothing_sent')
  await hub().start()
  await comesTo(hub(), sanction.id, 'undone')
  expect(deniedBy(sanction.id)).toEqual([{ lifted: 1 }])
  expect(sentAbout(sanction.id)).toEqual([{ type: 'strike' }, { type: 'retract' }])
}, 60_000)

test('what could not be sent is sent when it is ordered again, under the same id', async () => {
  await using client = control(hub())
  const { sanction } = await order(hub(), strike('a3'))
  change(NOTHING_SENT)
  await expect(undo(hub(), sanction.id)).rejects.toThrow('store-unavailable')
  await expect(undo(hub(), sanction.id)).rejects.toThrow('store-unavailable')
  change('DROP TRIGGER nothing_sent')
  const undone = await undo(hub(), sanction.id)
  expect(undone).toMatchObject({ sanction: { kind: 'retract-strike' }, state: 'enforced-at-hub' })
  expect((await look(hub(), sanction.id)).state).toBe('undone')
  const { sanctions } = await client.sanctions.list({ room, before: undefined, limit: 100 })
  const takenBack = sanctions.filter((one) => one.sanction['undoes'] === sanction.id)
  expect(takenBack).toHaveLength(1)
}, 60_000)

test('a strike that can never be sent has failed', async () => {
  await using client = control(hub())
  const wrong = { ...strike('a4'), provider: 'b.example' }
  await expect(order(hub(), wrong)).rejects.toThrow('malformed-request')
  const { sanctions } = await client.sanctions.list({ room, before: undefined, limit: 1 })
  expect(sanctions).toMatchObject([{ state: 'failed', note: 'malformed-request' }])
})

const NOTHING_SENT = `CREATE TRIGGER nothing_sent BEFORE INSERT ON notices_sent
  BEGIN SELECT RAISE(ABORT, 'nothing is sent'); END`
