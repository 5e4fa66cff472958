import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compareForms, forms, type Form } from '../../../src/model/metadata.ts'
import type { Receipt } from '../../../src/receipts/receipt.ts'
import { decode } from '../../../src/wire/codec.ts'
import { fanoutMessageCodec, type FanoutMessage } from '../../../src/wire/mimi/fanout.ts'
import { message, useClubhouse } from '../../support/clubhouse.ts'
import { freePorts } from '../../support/federation.ts'
import { rows, until } from '../../support/gateway-calls.ts'
import { around, counted, perOperation, tally, timesShown } from '../../support/receipts.ts'
import { dayMs } from '../../support/requirements.ts'
import { runCli } from '../../support/run-cli.ts'
import { agreementsOf, operationsOf, sightings } from '../../support/sighted.ts'
import { TlsTap } from '../../support/tls-tap.ts'

// Taps on everything that crosses between b.example and the hub a.example. The day of all gateways
// begins at noon, so that none of what is said in it slips into the next one.
const [intoA = 0, intoB = 0] = await freePorts(2)
const bToA = new TlsTap(intoA)
const aToB = new TlsTap(intoB)
const startedAtMs = Date.now()
/** Of tomorrow: KeyPackages that clients make now are valid then. */
const noonMs = startedAtMs - (startedAtMs % dayMs) + dayMs + dayMs / 2
let laterMs = 0
const clock = () => noonMs + (Date.now() - startedAtMs) + laterMs
const behind = (port: number, peer: string) => (domain: string) =>
  domain === peer ? { address: `127.0.0.1:${port}` } : {}
const clubhouse = useClubhouse({
  providers: {
    'a.example': { clock, peerOf: behind(intoB, 'b.example') },
    'b.example': { clock, peerOf: behind(intoA, 'a.example') },
    'c.example': { clock },
  },
})
const files = mkdtempSync(join(tmpdir(), 'postern-test-'))
/** What crossed between the two until the day was over. */
let crossed: {
  readonly toA: readonly string[]
  readonly toB: readonly string[]
  readonly agreements: readonly string[]
  readonly fanouts: readonly FanoutMessage[]
  readonly seen: ReturnType<typeof sightings>
}

const provider = (domain: string) => clubhouse().federation.provider(domain)

beforeAll(async () => {
  const { alice, bob, cathy, room: open } = clubhouse()
  await bToA.route(route('b.example', 'a.example'))
  await aToB.route(route('a.example', 'b.example'))
  for (const domain of ['a.example', 'b.example']) await cli(domain, 'peers', '--refresh')
  const room = await open()
  for (const text of ['one', 'two', 'three']) {
    await bob.sendText(room, text)
    await message(cathy, text)
  }
  await alice.sendText(room, 'from Alice')
  const heard = await message(bob, 'from Alice')
  if (heard.evidence === undefined) throw new Error('no evidence')
  await bob.report(room, [heard.evidence], { note: 'rude', named: true })
  await bob.queryIdentifier('a.example', [{ searchType: 'handle', searchValue: 'nobody' }])
  await whileAway('c.example', async () => {
    await alice.sendText(room, 'while Cathy is away')
    const counts = rows(provider('a.example'), 'postern.sqlite')
    const unanswered = `SELECT 1 FROM receipt_counts WHERE shape LIKE '%"kind":"unanswered"%'`
    await until(() => counts(unanswered).length > 0)
  })
  await message(cathy, 'while Cathy is away')
  await settled()
  crossed = {
    toA: operationsOf(bToA),
    toB: operationsOf(aToB),
    agreements: [bToA, aToB].flatMap(agreementsOf),
    fanouts: aToB.of('notify').map(({ body }) => decode(fanoutMessageCodec, body)),
    seen: sightings(
      [
        { tap: bToA, from: 'b.example', to: 'a.example' },
        { tap: aToB, from: 'a.example', to: 'b.example' },
      ],
      {
        providers: ['a.example', 'b.example', 'c.example'],
        users: [alice, bob, cathy].map(({ user }) => user),
        clients: [alice, bob, cathy].map(({ client }) => client),
        roomNames: [],
      },
    ),
  }
  laterMs = dayMs
}, 60_000)
afterAll(async () => {
  await bToA[Symbol.asyncDispose]()
  await aToB[Symbol.asyncDispose]()
  rmSync(files, { recursive: true, force: true })
})

/** How a tap gets from one provider to the other. */
function route(from: string, to: string) {
  return {
    client: provider(from).identity,
    server: provider(to).identity,
    servername: to,
    port: Number(new URL(provider(to).gateway.urls.peers).port),
  }
}

async function whileAway(domain: string, work: () => Promise<void>): Promise<void> {
  await provider(domain).stop()
  await work()
  await provider(domain).start()
}

/** Nothing is on its way any more. */
async function settled(): Promise<void> {
  for (const domain of ['a.example', 'b.example']) {
    const ds = rows(provider(domain), 'reference-ds.sqlite')
    await until(() => ds('SELECT 1 FROM ds_fanouts').length === 0)
    const gateway = rows(provider(domain), 'postern.sqlite')
    await until(() => gateway('SELECT 1 FROM outbox_destinations').length === 0)
  }
}

async function cli(domain: string, ...args: readonly string[]) {
  const socket = join(provider(domain).directory, 'control.sock')
  return runCli([...args, '--socket', socket])
}

async function json<T>(domain: string, ...args: readonly string[]): Promise<T> {
  return JSON.parse((await cli(domain, ...args, '--json')).stdout) as T
}

async function receiptOf(domain: string, peer: string): Promise<Receipt> {
  const { receipts } = await json<{ receipts: { seq: number }[] }>(
    domain,
    'receipts',
    'list',
    '--peer',
    peer,
  )
  const [first, ...others] = receipts
  if (first === undefined || others.length > 0) throw new Error('expected one receipt')
  return json<Receipt>(domain, 'receipts', 'show', `${peer}/${first.seq}`)
}

/** Files as an auditor has them: the receipt of a provider, and its documents. */
async function filesOf(domain: string, peer: string) {
  await receiptOf(domain, peer)
  const receipt = join(files, `${domain}-${peer}.jws`)
  const documents = join(files, `${domain}.documents`)
  writeFileSync(receipt, (await cli(domain, 'receipts', 'show', `${peer}/1`, '--jws')).stdout)
  writeFileSync(documents, (await cli(domain, 'requirements', 'history', '--jws')).stdout)
  return { receipt, documents }
}

const verify = (receipt: string, documents: string, ...args: readonly string[]) =>
  runCli(['receipts', 'verify', receipt, '--document', documents, ...args])

test('what the hub counts for a follower is what crossed on the wire, to both sides', async () => {
  const receipt = await receiptOf('a.example', 'b.example')
  expect(crossed.toA.filter((operation) => operation === 'submitMessage')).toHaveLength(3)
  expect(crossed.toA).toEqual(expect.arrayContaining(['identifierQuery', 'reportAbuse']))
  expect(perOperation(counted(receipt, 'received', 'request'))).toEqual(tally(crossed.toA))
  expect(perOperation(counted(receipt, 'shown', 'request'))).toEqual(tally(crossed.toB))
  expect(perOperation(counted(receipt, 'shown', 'response'))['submitMessage']).toBe(3)
  expect(counted(receipt, 'unanswered', 'request')).toEqual([])
  expect(receipt.interruptions).toBe(0)
})

test('a message to a provider that is away was sent without an answer, and then shown', async () => {
  const receipt = await receiptOf('a.example', 'c.example')
  const unanswered = counted(receipt, 'unanswered', 'request')
  expect(unanswered.map(({ operation }) => operation)).toEqual(['notify'])
  expect(unanswered[0]?.count).toBeGreaterThanOrEqual(1)
  const mirror = await receiptOf('c.example', 'a.example')
  expect(perOperation(counted(mirror, 'received', 'request'))).toEqual(
    perOperation(counted(receipt, 'shown', 'request')),
  )
})

test('what the follower counts is the same from the other side', async () => {
  const [hub, follower] = [
    await receiptOf('a.example', 'b.example'),
    await receiptOf('b.example', 'a.example'),
  ]
  expect(perOperation(counted(follower, 'shown', 'request'))).toEqual(tally(crossed.toA))
  expect(perOperation(counted(follower, 'received', 'request'))).toEqual(
    perOperation(counted(hub, 'shown', 'request')),
  )
})

test('fields are counted by what the bytes of each fan-out carried', async () => {
  const shown = counted(await receiptOf('a.example', 'b.example'), 'shown', 'request')
  const notified = shown.filter(({ operation }) => operation === 'notify')
  const { fanouts } = crossed
  const applications = fanouts.filter(({ kind }) => kind === 'application')
  expect([applications.length, fanouts.length - applications.length]).not.toContain(0)
  expect(timesShown(notified, 'room.id')).toBe(fanouts.length)
  expect(timesShown(notified, 'message.frank')).toBe(
    applications.filter((fanout) => fanout.kind === 'application' && fanout.frank !== undefined)
      .length,
  )
  expect(timesShown(notified, 'participants.changes')).toBe(fanouts.length - applications.length)
  expect(timesShown(notified, 'sender.user')).toBe(0)
})

test('no reader of the bytes finds a field more often, or in a clearer form, than the receipt says', async () => {
  const receipts = [
    await receiptOf('a.example', 'b.example'),
    await receiptOf('b.example', 'a.example'),
  ]
  // What docs/receipts.md says of its words: arrivals are no field's form, the form of a consent edge is
  // that of who asks, and sizes are those of application messages, since nothing pads a handshake.
  const seen = crossed.seen.filter(
    ({ of, form, field, operation }) =>
      of !== 'arrival' &&
      of !== 'for whom' &&
      form !== 'absent' &&
      (field !== 'message.size' || ['submitMessage', 'notify: application'].includes(operation)),
  )
  expect(new Set(seen.map(({ operation }) => operation)).size).toBeGreaterThan(5)
  for (const { observer, operation: named, field, forms: sighted } of seen) {
    const [operation = ''] = named.split(':')
    const shown = receipts
      .filter(({ peer }) => peer === observer)
      .flatMap((receipt) => counted(receipt, 'shown', 'request'))
      .filter((row) => row.operation === operation)
      .flatMap(({ fields }) => fields.filter((one) => one.field === field))
    for (const form of forms.filter((one) => one !== 'absent')) {
      const isAsClear = (other: Form) => compareForms(other, form) >= 0
      const found = forms.filter(isAsClear).reduce((sum, one) => sum + (sighted[one] ?? 0), 0)
      const stated = shown.filter((one) => isAsClear(one.form))
      const times = stated.reduce((sum, { count }) => sum + count, 0)
      const place = `${observer} ${named} ${field} ${form}`
      expect([place, times >= found]).toEqual([place, true])
    }
  }
})

test('a receipt names the agreements that the requests named', async () => {
  const { terms } = await receiptOf('a.example', 'b.example')
  const named = new Set(terms.map(({ agreement }) => agreement ?? ''))
  expect(named).toEqual(new Set(crossed.agreements))
  expect(named).not.toContain('')
})

describe('receipts verify', () => {
  test.each([
    ['a.example', 'b.example'],
    ['b.example', 'a.example'],
    ['a.example', 'c.example'],
  ])('the receipt of %s for %s holds with nothing but files', async (domain, peer) => {
    const { receipt, documents } = await filesOf(domain, peer)
    const result = await verify(receipt, documents)
    expect([result.exitCode, result.stderr]).toEqual([0, ''])
    expect(result.stdout).toMatch(/^valid\n/)
    expect(result.stdout).toContain(`shown to ${peer}`)
  })

  test('it does not hold with another provider’s documents, or with none', async () => {
    const { receipt } = await filesOf('a.example', 'b.example')
    const { documents } = await filesOf('b.example', 'a.example')
    const foreign = await verify(receipt, documents)
    expect([foreign.exitCode, foreign.stderr]).toEqual([1, 'document-missing\n'])
    const alone = await runCli(['receipts', 'verify', receipt])
    expect(alone.exitCode).toBe(1)
  })

  test('a number that was changed is a bad signature', async () => {
    const { receipt, documents } = await filesOf('a.example', 'b.example')
    const jws = readFileSync(receipt, 'latin1').trim()
    const payload = Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()
    const changed = payload.replace('"interruptions":0', '"interruptions":1')
    expect(changed).not.toBe(payload)
    const forged = join(files, 'forged.jws')
    writeFileSync(forged, around(changed, { jws }))
    const result = await verify(forged, documents)
    expect([result.exitCode, result.stderr]).toEqual([1, 'bad-signature\n'])
    const asJson = await verify(forged, documents, '--json')
    expect(JSON.parse(asJson.stdout)).toMatchObject({ verdict: 'bad-signature' })
  })

  test('files that are no receipt are malformed input', async () => {
    const { receipt, documents } = await filesOf('a.example', 'b.example')
    const nothing = await verify(documents, documents)
    expect([nothing.exitCode, nothing.stderr]).toEqual([2, 'bad-header\n'])
    const missing = await verify(join(files, 'absent'), documents)
    expect(missing.exitCode).toBe(2)
    const noDocument = await verify(receipt, receipt)
    expect(noDocument.exitCode).toBe(2)
    expect(noDocument.stderr).toContain('bad-header')
  })
})

test('receipts have domains and counts, and nothing of what people wrote or are called', async () => {
  for (const [domain, peer] of [
    ['a.example', 'b.example'],
    ['b.example', 'a.example'],
  ] as const) {
    const text = JSON.stringify(await receiptOf(domain, peer))
    expect(text).not.toMatch(/mimi:|bob|alice|nobody|rude/)
  }
})

test('a receipt that is not there, and a name of none', async () => {
  const absent = await cli('a.example', 'receipts', 'show', 'b.example/2')
  expect([absent.exitCode, absent.stderr]).toEqual([1, 'no such receipt\n'])
  expect((await cli('a.example', 'receipts', 'show', '../reload')).exitCode).toBe(2)
})
