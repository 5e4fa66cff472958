import { expect, test } from 'vitest'
import type { MimiClient } from '../../../src/client/mimi-client.ts'
import { readApplicationData } from '../../../src/franking/application-data.ts'
import { eventually, isMessage, message, useClubhouse } from '../../support/clubhouse.ts'
import { rows, until } from '../../support/gateway-calls.ts'
import { comesTo, control, look, order, undo } from '../../support/sanctions.ts'

const rates = { keyMaterial: { perSecond: 100, burst: 100 } }
const extra = { rates, limits: { outbox: { backoff: { baseMs: 20, maxMs: 100 } } } }
let aheadMs = 0
const clock = () => Date.now() + aheadMs
const moderation = { team: [{ name: 'ann' }, { name: 'ben' }] }
const clubhouse = useClubhouse({
  keyPackages: { pseudonymous: 12 },
  providers: {
    'a.example': { extra: { ...extra, moderation }, clock },
    'b.example': { extra },
    'c.example': { extra },
  },
})
const provider = (domain: string) => clubhouse().federation.provider(domain)
const hub = () => provider('a.example')

/** Sends a message, and answers by what it can be named. */
async function said(sender: MimiClient, room: string, text: string) {
  const outcome = await sender.sendText(room, text)
  if (outcome.kind !== 'accepted' || outcome.evidence === undefined) throw new Error('not sent')
  const content = readApplicationData(outcome.evidence.applicationData)
  return {
    messageId: outcome.messageId.toString('hex'),
    frankingTag: content?.frankingTag.toString('hex'),
  }
}

const waitingFor = (domain: string) =>
  rows(hub(), 'postern.sqlite')(`SELECT 1 FROM outbox_destinations WHERE peers LIKE '%${domain}%'`)
    .length

/** Stops a provider that has got all that went before. */
async function stopWhenIdle(domain: string): Promise<void> {
  await until(() => waitingFor(domain) === 0)
  await provider(domain).stop()
}

const advised = (room: string) => (event: { kind: string; room?: string }) =>
  event.kind === 'hub-advice' && event.room === room

/** What a client is told in a room up to a message with this text. */
async function textsUpTo(
  client: MimiClient,
  room: string,
  last: string,
): Promise<readonly string[]> {
  const events = await eventually(client, isMessage(last))
  return events.flatMap((event) =>
    event.kind === 'message' && event.room === room ? [event.text ?? ''] : [],
  )
}

test('copies that a provider does not have yet are dropped by the tag, and the others arrive', async () => {
  const { bob, cathy, room: open } = clubhouse()
  const room = await open()
  await stopWhenIdle('c.example')
  await bob.sendText(room, 'first')
  const named = await said(bob, room, 'second, retracted')
  await bob.sendText(room, 'third')
  await until(() => waitingFor('c.example') === 3)
  const { sanction, dropped } = await order(hub(), { kind: 'retract', room, message: named })
  expect(dropped).toBeGreaterThanOrEqual(1)
  await until(() => waitingFor('c.example') === 3 - 1 + PROPOSAL)
  await hub().stop()
  await hub().start()
  await provider('c.example').start()
  expect(await textsUpTo(cathy, room, 'third')).toEqual(['first', 'third'])
  // One for Cathy's provider, and one for Alice, who reads at the hub's.
  await until(async () => (await look(hub(), sanction.id)).dropped === 2)
}, 60_000)

test('a case that retracts what was reported drops the copies that wait, too', async () => {
  const { alice, bob, cathy, room: open } = clubhouse()
  const room = await open()
  await stopWhenIdle('c.example')
  await bob.sendText(room, 'an insult')
  await bob.sendText(room, 'an answer')
  const { evidence } = await message(alice, 'an insult')
  if (evidence === undefined) throw new Error('no evidence')
  await alice.report(room, [evidence], { note: '' })
  await until(() => waitingFor('c.example') === 2)
  await retractAll(room)
  await until(() => waitingFor('c.example') === 2 - 1 + PROPOSAL)
  await provider('c.example').start()
  expect(await textsUpTo(cathy, room, 'an answer')).toEqual(['an answer'])
}, 60_000)

/** Two moderators retract all that was reported in a room. */
async function retractAll(room: string): Promise<void> {
  await using client = control(hub())
  const [ann, ben] = [
    { as: 'ann', mfa: true },
    { as: 'ben', mfa: true },
  ]
  const { cases } = await client.cases.list({ as: 'ann' })
  const id = cases.find((one) => one.room === room)?.id ?? ''
  await client.cases.claim(id, ann)
  const form = {
    outcome: 'action' as const,
    category: 'harassment',
    facts: 'An insult.',
    ground: { kind: 'terms' as const, reference: '4', explanation: 'No insults.' },
    actions: [{ kind: 'retract' as const }],
  }
  await client.cases.decide(id, { ...ann, form })
  await client.cases.approve(id, { ...ben, agree: true })
}

/** The one that asks those clients to hide it that have it. */
const PROPOSAL = 1

test('the delivery service of the hub drops the copies of its own clients', async () => {
  const { alice, bob, room: open } = clubhouse()
  const room = await open()
  const named = await said(bob, room, 'unread')
  const read = rows(hub(), 'reference-ds.sqlite')
  const queued = () =>
    read(`SELECT 1 FROM ds_queues q JOIN ds_events e ON e.id = q.event
          WHERE e.room = '${room}' AND e.body IS NOT NULL`).length
  await until(() => queued() === 1 && waitingFor('example') === 0)
  const { sanction } = await order(hub(), { kind: 'retract', room, message: named })
  await until(async () => (await look(hub(), sanction.id)).result === 'applied')
  expect((await look(hub(), sanction.id)).dropped).toBe(1)
  await bob.sendText(room, 'read')
  expect(await textsUpTo(alice, room, 'read')).toEqual(['read'])
}, 60_000)

test('clients that have it are asked to hide it, then to show it again, and the commit says that they were asked', async () => {
  const { alice, bob, cathy, room: open } = clubhouse()
  const room = await open()
  const named = await said(bob, room, 'seen by all')
  const { messageId } = await message(cathy, 'seen by all')
  expect(messageId.toString('hex')).toBe(named.messageId)
  const { sanction, state } = await order(hub(), { kind: 'retract', room, message: named })
  expect(state).toBe('waiting-for-commit')
  const advice = { kind: 'hub-advice', room, messageIds: [messageId], label: '' }
  for (const member of [alice, bob, cathy]) {
    const events = await eventually(member, advised(room))
    expect(events).toContainEqual({ ...advice, action: 'retract' })
  }
  expect(await cathy.commitPending(room)).toMatchObject({ kind: 'accepted' })
  await comesTo(hub(), sanction.id, 'in-group-state')

  const restored = await undo(hub(), sanction.id)
  expect(restored).toMatchObject({ sanction: { kind: 'restore' }, state: 'waiting-for-commit' })
  expect((await look(hub(), sanction.id)).state).toBe('undone')
  const events = await eventually(bob, advised(room))
  expect(events).toContainEqual({ ...advice, action: 'restore' })
}, 60_000)

test('by its tag alone copies are dropped, and nobody can be asked to hide it', async () => {
  const { bob, room: open } = clubhouse()
  const room = await open()
  const { frankingTag } = await said(bob, room, 'only a tag')
  expect(await order(hub(), { kind: 'retract', room, message: { frankingTag } })).toMatchObject({
    state: 'enforced-at-hub',
    note: 'message-id-unknown',
  })
}, 60_000)

const labelled = (room: string, named: object) => ({
  kind: 'label',
  room,
  target: { kind: 'message', ...named },
  expiresAtMs: Date.now() + aheadMs + 3_600_000,
})

/** The labels that a client is told, up to this one. */
async function labelsUpTo(
  client: MimiClient,
  room: string,
  last: string,
): Promise<readonly string[]> {
  const labels = (events: Awaited<ReturnType<typeof eventually>>) =>
    events.flatMap((event) =>
      event.kind === 'hub-advice' && event.room === room ? [event.label] : [],
    )
  return labels(await eventually(client, (event) => labels([event])[0] === last))
}

test('a label on a message reaches clients with its name', async () => {
  const { bob, cathy, room: open } = clubhouse()
  const room = await open()
  const named = await said(bob, room, 'doubtful')
  await order(hub(), { ...labelled(room, named), label: 'unverified' })
  const events = await eventually(cathy, advised(room))
  expect(events).toContainEqual({
    kind: 'hub-advice',
    room,
    action: 'label',
    messageIds: [Buffer.from(named.messageId, 'hex')],
    label: 'unverified',
  })
}, 60_000)

test('a label that is taken back is taken off the message, or gives way to the one below it', async () => {
  const { bob, cathy, room: open } = clubhouse()
  const room = await open()
  const named = await said(bob, room, 'labelled twice')
  const first = await order(hub(), { ...labelled(room, named), label: 'first' })
  const second = await order(hub(), { ...labelled(room, named), label: 'second' })
  expect(await labelsUpTo(cathy, room, 'second')).toEqual(['first', 'second'])
  await undo(hub(), second.sanction.id)
  expect(await labelsUpTo(cathy, room, 'first')).toEqual(['first'])
  const { sanction, state } = await undo(hub(), first.sanction.id)
  expect({ kind: sanction.kind, state }).toEqual({ kind: 'unlabel', state: 'waiting-for-commit' })
  expect(await labelsUpTo(cathy, room, '')).toEqual([''])
  expect(await cathy.commitPending(room)).toMatchObject({ kind: 'accepted' })
  await comesTo(hub(), sanction.id, 'in-group-state')
}, 60_000)

test('a label whose time is over is taken off the message, and its end is told once', async () => {
  const { bob, cathy, room: open } = clubhouse()
  const room = await open()
  const named = await said(bob, room, 'labelled for an hour')
  const { sanction } = await order(hub(), { ...labelled(room, named), label: 'for-an-hour' })
  expect(await labelsUpTo(cathy, room, 'for-an-hour')).toHaveLength(1)
  await hub().stop()
  aheadMs += 3_600_000
  await hub().start()
  await comesTo(hub(), sanction.id, 'undone')
  expect(await labelsUpTo(cathy, room, '')).toEqual([''])
  expect(await cathy.commitPending(room)).toMatchObject({ kind: 'accepted' })
  await using client = control(hub())
  const taken = async () => {
    const { sanctions } = await client.sanctions.list({ room, before: undefined, limit: 10 })
    return sanctions.map((one) => `${one.sanction.kind} ${one.state}`)
  }
  await until(async () => (await taken()).join() === 'unlabel in-group-state,label undone')
}, 60_000)
