import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addParticipants } from '../../../src/client/mimi/participant-changes.ts'
import type { DecisionRecord } from '../../../src/decision-log/record.ts'
import { metricsText } from '../../../src/telemetry.ts'
import { decode } from '../../../src/wire/codec.ts'
import { submitMessageResponseCodec } from '../../../src/wire/mimi/submit-message.ts'
import { message, useClubhouse } from '../../support/clubhouse.ts'
import { callPeer, until } from '../../support/gateway-calls.ts'
import { keyPackageOf } from '../../support/mls-members.ts'
import type { Prepared } from '../../support/peer-requests.ts'
import { commitBody, messageBody } from '../../support/raw-requests.ts'

// The hub a.example logs every decision into a file and to a collector.
const directory = mkdtempSync(join(tmpdir(), 'postern-test-'))
const file = join(directory, 'log', 'decisions.jsonl')
mkdirSync(dirname(file))
const collected: DecisionRecord[] = []
const collector = createServer((request, response) => {
  void collect(request, response)
})
await new Promise<void>((resolve) => {
  collector.listen(0, '127.0.0.1', resolve)
})
const { port } = collector.address() as AddressInfo
const otlpEndpoint = `http://127.0.0.1:${port}`
const decisionLog = { file, otlpEndpoint, sampleAllows: 1 }
const clubhouse = useClubhouse({ providers: { 'a.example': { extra: { decisionLog } } } })
let room: string

beforeAll(async () => {
  room = await clubhouse().room()
}, 30_000)

afterAll(() => {
  collector.close()
  collector.closeAllConnections()
  rmSync(directory, { recursive: true, force: true })
})

const hub = () => clubhouse().federation.provider('a.example')

/** Ends and begins: what was decided before is written. */
async function restart(): Promise<void> {
  await hub().stop()
  await hub().start()
}

/** What b.example asks, and what the hub says to it. */
async function ask(request: Prepared): Promise<Buffer> {
  const as = clubhouse().federation.provider('b.example').identity
  const reply = await callPeer(hub(), { as, from: 'b.example', ...request })
  expect(reply.status).toBe(200)
  return reply.body
}

async function send(): Promise<string> {
  const body = messageBody(clubhouse().bob, room)
  const answer = await ask({ operation: 'submitMessage', target: room, body })
  return decode(submitMessageResponseCodec, answer).statusCode
}

function logged(): readonly DecisionRecord[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as DecisionRecord)
}

/** The first record since there were so many that the test looks for: others may still be written. */
async function loggedSince(
  count: number,
  matches: (record: DecisionRecord) => boolean,
): Promise<DecisionRecord> {
  const found = () => logged().slice(count).find(matches)
  await until(() => found() !== undefined)
  return found()!
}

/** The hub's admission of a message that came from a peer. */
function isAdmissionOfPeer({ path, input }: DecisionRecord): boolean {
  const { operation, local } = input
  return path === 'postern/admission' && operation === 'submitMessage' && local === false
}

async function collect(request: IncomingMessage, response: ServerResponse): Promise<void> {
  collected.push(...recordsOf(await text(request)))
  response.setHeader('content-type', 'application/json').end('{}')
}

interface OtlpLogs {
  readonly resourceLogs: readonly {
    readonly scopeLogs: readonly {
      readonly logRecords: readonly { readonly body: { readonly stringValue: string } }[]
    }[]
  }[]
}

function recordsOf(body: string): readonly DecisionRecord[] {
  const { resourceLogs } = JSON.parse(body) as OtlpLogs
  return resourceLogs
    .flatMap(({ scopeLogs }) => scopeLogs)
    .flatMap(({ logRecords }) => logRecords)
    .map((record) => JSON.parse(record.body.stringValue) as DecisionRecord)
}

const lockdown = `@id("lockdown")
@title("Nothing passes")
@reason("We look for a fault.")
forbid (principal, action, resource);`

async function underLockdown<T>(work: () => Promise<T>): Promise<T> {
  const policies = join(directory, 'lockdown')
  mkdirSync(policies, { recursive: true })
  writeFileSync(join(policies, 'lockdown.cedar'), lockdown)
  await hub().gateway.reload(hub().config({ policies }))
  try {
    return await work()
  } finally {
    await hub().gateway.reload(hub().config())
  }
}

test('what is let in and what is refused is logged with the policies and their revision', async () => {
  const before = logged().length
  expect(await send()).toBe('accepted')
  const granted = await loggedSince(before, isAdmissionOfPeer)
  await until(() =>
    logged()
      .slice(before)
      .some(({ path }) => path === 'postern/disclosure'),
  )
  const between = logged().length
  expect(await underLockdown(send)).toBe('notAllowed')
  const refused = await loggedSince(between, isAdmissionOfPeer)
  expect(granted).toMatchObject({
    path: 'postern/admission',
    input: { peer: { class: 'contracted', agreement: true }, tier: 'room-pseudonym', local: false },
    result: { outcome: 'admitted' },
    labels: { app: 'postern', provider: 'a.example', version: 'test', sample_allows: '1' },
  })
  expect(refused).toMatchObject({
    path: 'postern/admission',
    input: { operation: 'submitMessage', direction: 'ingress' },
    result: { outcome: 'refused', policies: ['lockdown'] },
  })
  const revisions = [granted, refused].map((record) => record.bundles.postern.revision)
  expect(new Set(revisions).size).toBe(2)
}, 20_000)

test('the collector gets what the file gets', async () => {
  await send()
  await restart()
  const records = logged()
  expect(records.length).toBeGreaterThan(2)
  const ids = new Set(records.map(({ decision_id: id }) => id))
  const same = collected.filter(({ decision_id: id }) => ids.has(id))
  expect(same.map(withoutLoss)).toEqual(records.map(withoutLoss))
}, 20_000)

/** Each place says by itself what it lost. */
function withoutLoss(record: DecisionRecord): object {
  return { ...record, metrics: undefined }
}

test('no record has who, where or what, and no other user may read the file', async () => {
  await clubhouse().alice.sendText(room, 'canary-text')
  await message(clubhouse().bob, 'canary-text')
  await until(() => logged().some(({ input }) => input.direction === 'egress'))
  const kept = readFileSync(file, 'utf8')
  const names = ['alice', 'bob', 'cathy', 'b.example', 'c.example', 'canary', 'mimi:', room]
  expect(names.filter((name) => kept.includes(name))).toEqual([])
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('a drain writes what is left', async () => {
  await restart()
  const before = logged().length
  await send()
  await hub().gateway.drain(AbortSignal.timeout(5_000))
  const left = logged().slice(before)
  await restart()
  const decided = left.filter(({ input }) => input.operation === 'submitMessage')
  expect(decided.map(({ path, input }) => [path, input.audience])).toEqual([
    ['postern/admission', undefined],
    ['postern/disclosure', 'hub'],
    ['postern/disclosure', 'follower'],
  ])
}, 20_000)

test('without its directory requests pass, and the log says later what it lost', async () => {
  rmSync(dirname(file), { recursive: true })
  expect(await send()).toBe('accepted')
  await until(() => hub().log().includes('decision-log.failed'))
  expect(await send()).toBe('accepted')
  mkdirSync(dirname(file))
  await send()
  await until(() => {
    try {
      return logged().some(({ metrics }) => (metrics?.counter_lost ?? 0) > 0)
    } catch {
      return false
    }
  })
  expect(await metricsText()).toMatch(
    /postern_decision_log_dropped_total{sink="file",reason="failed"} \d+/,
  )
  expect(hub().log().split('decision-log.failed')).toHaveLength(2)
})

test('bytes that show more than they may are logged with the form that they show', async () => {
  const before = logged().length
  const { bob } = clubhouse()
  const user = 'mimi://b.example/u/canary'
  const { keyPackage } = keyPackageOf(user)
  const body = commitBody(bob, room, [
    addParticipants([{ user, roleIndex: 2 }]),
    { kind: 'add', keyPackage },
  ])
  await ask({ operation: 'update', target: room, body })
  const { input, result } = await loggedSince(before, ({ result: r }) => r.outcome === 'refused')
  expect(input.operation).toBe('update')
  expect(result).toEqual({
    outcome: 'refused',
    part: 'request',
    field: 'participants.changes',
    reason: 'bytes',
    shown: 'exact',
  })
})
