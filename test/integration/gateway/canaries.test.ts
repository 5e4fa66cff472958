import { createPublicKey } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MimiClient } from '../../../src/client/mimi-client.ts'
import type { ReportKey } from '../../../src/client/mimi/sealed-report.ts'
import { loadKeys } from '../../../src/keys/key-files.ts'
import { moderationQueues } from '../../../src/policy/moderation/vocabulary.ts'
import { rawKey } from '../../../src/reports/sealing.ts'
import { recordSpans } from '../../../src/signals/span-recorder.ts'
import { addMember, message, useClubhouse } from '../../support/clubhouse.ts'
import { callInternal, callPeer, internalPath } from '../../support/gateway-calls.ts'
import { consentRequest, searchByHandle } from '../../support/peer-requests.ts'
import { openOutsideServer } from '../../support/outside-server.ts'
import { messageBody } from '../../support/raw-requests.ts'
import { runCli } from '../../support/run-cli.ts'
import { until } from '../../support/until.ts'

// Strings that people chose pass through everything; then everything that the gateways kept is searched.
const canary = {
  user: 'canary-user-dolores',
  device: 'canary-device',
  text: 'canary-text-meet-me-at-nine',
  roomName: 'canary-room-name',
  note: 'canary-note-he-insulted-me',
  handle: 'canary-handle',
  email: 'canary@mail.example',
  path: 'canary-path',
  suite: 'canary-suite',
  facts: 'canary-facts-three-insults',
  handOver: 'canary-note-between-moderators',
  appeal: 'canary-appeal-it-was-a-joke',
  moderator: 'canary-moderator-ann',
}
const logDirectory = mkdtempSync(join(tmpdir(), 'postern-canaries-'))
const decisionLog = { file: join(logDirectory, 'decisions.jsonl'), sampleAllows: 1 }
/** Who is told of cases: a webhook, a SIEM and Coop. */
const [webhook, coop] = [await openOutsideServer(), await openOutsideServer()]
const siemFile = join(logDirectory, 'siem.jsonl')
const closed = (name: string, text: string) => {
  const file = join(logDirectory, name)
  writeFileSync(file, text, { mode: 0o600 })
  return file
}
const secret = closed('desk.whsec', `whsec_${Buffer.alloc(32, 1).toString('base64')}`)
const told = { privateAddress: true, queues: moderationQueues }
const moderation = {
  team: [
    { name: canary.moderator, roles: ['moderator', 'lead'] },
    { name: 'bob' },
    { name: 'lea', roles: ['legal'] },
  ],
  dsa: { rooms: 'all', territories: ['AT'], language: 'DE' },
  webhooks: [{ ...told, name: 'desk', url: webhook.url, secrets: [secret] }],
  siem: { file: siemFile },
  coop: {
    ...told,
    url: `${coop.url}/api/v1/report`,
    apiKey: closed('coop.key', 'an-api-key'),
    caseUrl: 'https://console.a.example/cases/',
  },
}
afterAll(async () => {
  await webhook[Symbol.asyncDispose]()
  await coop[Symbol.asyncDispose]()
  rmSync(logDirectory, { recursive: true, force: true })
})
const clubhouse = useClubhouse({
  providers: { 'a.example': { extra: { decisionLog, moderation } } },
})
const recorder = recordSpans()
const room = 'mimi://a.example/r/clubhouse'
let dolores: MimiClient
/** Whom Bob asks for consent; neither is in the room. */
let zoe: MimiClient
/** Everything that was answered with a problem. */
const problems: string[] = []

const provider = (domain: string) => clubhouse().federation.provider(domain)
const domains = ['a.example', 'b.example', 'c.example']

beforeAll(async () => {
  const { alice, bob, cathy } = clubhouse()
  const profile = { handle: canary.handle, email: canary.email }
  dolores = await provider('b.example').client(canary.user, {
    device: canary.device,
    extra: { profile },
  })
  await dolores.publishKeyPackages({ basic: 1, pseudonymous: 2 })
  for (const other of [alice, cathy]) {
    other.connect(dolores.connectionCard())
    dolores.connect(other.connectionCard())
  }
  await alice.createRoom({ room, name: canary.roomName, suite: 'moderated-pseudonyms' })
  for (const client of [dolores, cathy]) await addMember(alice, client, room)
  await converse(dolores, cathy)
  await converse(cathy, dolores)
  zoe = await provider('a.example').client('zoe')
  await bob.requestConsent(zoe.user)
  await alice.queryIdentifier('b.example', [{ searchType: 'handle', searchValue: canary.handle }])
  await provoke()
  await moderate()
}, 60_000)

/** One says something and the other reports it. */
async function converse(sender: MimiClient, reporter: MimiClient): Promise<void> {
  await sender.sendText(room, canary.text)
  const { evidence } = await message(reporter, canary.text)
  if (evidence === undefined) throw new Error('no evidence')
  await reporter.report(room, [evidence], { note: canary.note, named: true })
  const sealed = {
    key: await reportKey(),
    category: 'harassment',
    signed: true,
    withMlsEvidence: true,
  }
  await reporter.report(room, [evidence], { note: canary.note, sealed })
}

const legal = ['--as', 'lea', '--mfa']

/** What Dolores said is claimed, handed over, looked at, decided and appealed against. */
async function moderate(): Promise<void> {
  const subject = dolores.participant(room)
  const as = ['--as', canary.moderator, '--mfa']
  const list = await postern('cases', 'list', ...as, '--json')
  const { cases } = JSON.parse(list) as { cases: { id: string; subject: string }[] }
  const id = cases.find((each) => each.subject === subject)?.id ?? ''
  await postern('cases', 'claim', id, '--as', 'bob')
  const note = ['--note', canary.handOver]
  await postern('cases', 'handover', id, '--as', 'bob', '--to', canary.moderator, ...note)
  const shown = await postern('cases', 'show', id, ...as, '--evidence')
  expect(shown).toContain(canary.text)
  await postern('cases', 'show', id, ...as, '--reporters', '--purpose', canary.facts)
  const form = ['--outcome', 'action', '--category', 'harassment', '--facts', canary.facts]
  const ground = ['--terms', 'Section 4', '--why', canary.facts]
  await postern('cases', 'decide', id, ...as, ...form, ...ground, '--limit', '10:7')
  await postern('reports', 'export', 'dsa', ...legal)
  const words = closed('appeal.txt', canary.appeal)
  await postern('appeals', 'file', id, '--from', subject, '--words', words)
  await until(async () => (await postern('webhooks', 'list')).match(/waiting 0/g)?.length === 3)
}

/** What `postern <args>` prints at the hub. */
async function postern(...args: string[]): Promise<string> {
  const { socket } = provider('a.example').config().listeners.admin
  const { exitCode, stdout, stderr } = await runCli([...args, '--socket', socket])
  if (exitCode !== 0) throw new Error(stderr)
  return stdout
}

/** The hub's key for sealed reports. */
async function reportKey(): Promise<ReportKey> {
  const keys = await loadKeys(join(provider('a.example').directory, 'keys'), Date.now)
  const { id, key } = keys.active('report-sealing')
  return { kid: id, x: rawKey(createPublicKey(key)).toString('base64url') }
}

/** Requests that are wrong in places where a careless program repeats them. */
async function provoke(): Promise<void> {
  const a = provider('a.example')
  const as = provider('b.example').identity
  const from = 'b.example'
  const target = `mimi://a.example/r/${canary.path}`
  const body = messageBody(dolores, room)
  const replies = [
    await callPeer(a, { as, from, operation: 'submitMessage', target, body }),
    await callPeer(a, { as, from, operation: 'submitMessage', target: canary.path, body }),
    await callPeer(a, { as, from, operation: 'update', target, body: Buffer.from(canary.text) }),
    await callPeer(a, { as, from: `${canary.path}.example`, operation: 'update', target, body }),
    await callPeer(a, { as, from, ...searchByHandle('c.example', canary.handle) }),
    await callPeer(a, {
      as,
      from,
      ...consentRequest({
        requester: `mimi://c.example/u/${canary.user}`,
        target: 'mimi://a.example/u/alice',
      }),
    }),
    await callPeer(a, {
      as,
      from,
      operation: 'submitMessage',
      target: room,
      body,
      headers: { 'mimi-metadata-suite': canary.suite, host: `${canary.path}.example` },
    }),
  ]
  for (const { headers, body: answer } of replies)
    problems.push(`${answer.toString('latin1')} ${JSON.stringify(headers)}`)
  const inside = [
    await callInternal(a, internalPath('submitMessage', target), { body }),
    await callInternal(a, internalPath('rooms', room), {
      body: JSON.stringify({ suite: canary.suite }),
    }),
    await callInternal(a, `/internal/v1/hub-keys?ciphersuite=${canary.path}`),
    await callInternal(a, `/internal/v1/${canary.path}`),
  ]
  for (const { bytes } of inside) problems.push(bytes.toString('latin1'))
}

/** Which of the canaries stand in a text. */
function found(text: string, names: readonly (keyof typeof canary)[]): readonly string[] {
  return names.filter((name) => text.includes(canary[name]))
}

const all = Object.keys(canary) as (keyof typeof canary)[]

test('no problem repeats anything of its request', () => {
  expect(problems.length).toBeGreaterThan(10)
  expect(problems.filter((text) => found(text, all).length > 0)).toEqual([])
})

test('no line of any log has what people wrote, nor who they are', () => {
  for (const domain of domains) {
    const log = provider(domain).log()
    expect(log).toContain('gateway.started')
    expect(found(log, all)).toEqual([])
    expect(log).not.toMatch(/mimi:\/\//)
  }
})

test('no span has what people wrote, nor who they are', () => {
  const spans = JSON.stringify(recorder.take())
  expect(spans).toContain('reportAbuse')
  expect(found(spans, all)).toEqual([])
  expect(spans).not.toMatch(/mimi:\/\//)
})

/** Everything that leaves the hub about cases, by what takes it out. */
const outside: Readonly<Record<string, () => string>> = {
  webhooks: () => JSON.stringify(webhook.received),
  coop: () => JSON.stringify(coop.received),
  siem: () => readFileSync(siemFile, 'utf8'),
}

test.each(Object.keys(outside))('%s have nothing that people wrote, nor who they are', (name) => {
  const text = outside[name]?.() ?? ''
  expect(text).toContain('case-')
  expect(found(text, all)).toEqual([])
  expect(text).not.toMatch(/mimi:\/\//)
  for (const { user } of [dolores, clubhouse().cathy]) expect(text).not.toContain(user)
})

test('whoever is told outside is told of the whole life of a case', () => {
  const events = webhook.received.map(({ json }) => json['type'])
  expect(events).toEqual(
    expect.arrayContaining(['report.received', 'case.decided', 'sanction.state', 'case.appealed']),
  )
  for (const access of ['evidence.opened', 'case.exported'])
    expect(outside['siem']?.()).toContain(access)
  expect(coop.received.length).toBeGreaterThan(1)
})

/** Commands whose output may leave the machine. */
const exported: readonly (readonly string[])[] = [
  ['reports', 'list', '--json'],
  ['webhooks', 'list', '--json'],
  ['webhooks', 'list', '--dead', 'desk', '--json'],
  ['receipts', 'list', '--json'],
  ['reports', 'export', 'dsa', ...legal],
  ['reports', 'transparency', ...legal, '--from', '2026-01', '--to', '2026-01'],
]

test.each(exported)('%s %s prints nothing that people wrote, nor who they are', async (...args) => {
  const text = await postern(...args)
  expect(text.length).toBeGreaterThan(2)
  expect(found(text, all)).toEqual([])
})

test('no metric has what people wrote, nor who they are', async () => {
  for (const domain of domains) {
    const text = await (await fetch(`${provider(domain).gateway.urls.admin}/metrics`)).text()
    expect(text.length).toBeGreaterThan(0)
    expect(found(text, all)).toEqual([])
    expect(text).not.toMatch(/mimi:\/\//)
  }
})

/** All octets that a gateway has in files, without its reference DS. */
function kept(domain: string): string {
  const { directory } = provider(domain)
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('reference-ds'))
    .map((entry) => join(entry.parentPath, entry.name))
  if (domain === 'a.example') files.push(decisionLog.file)
  return files.map((file) => readFileSync(file, 'latin1')).join('\n')
}

const content = ['text', 'note', 'handle', 'email', 'device', 'path', 'suite'] as const

test('no gateway keeps content, notes or searches in the clear', () => {
  for (const domain of domains) expect([domain, found(kept(domain), content)]).toEqual([domain, []])
})

test('only the hub keeps what a room is called, in the GroupInfo that it follows', () => {
  expect(domains.filter((domain) => kept(domain).includes(canary.roomName))).toEqual(['a.example'])
})

test('the hub of a pseudonymous room keeps no user of another provider, only its pseudonym', () => {
  const files = kept('a.example')
  for (const { user } of [dolores, clubhouse().cathy]) expect(files).not.toContain(user)
  expect(files).toContain(dolores.participant(room))
})

test('followers keep neither the users nor the pseudonyms of others', () => {
  const { alice, cathy } = clubhouse()
  const files = kept('b.example')
  for (const { user } of [alice, cathy]) expect(files).not.toContain(user)
  for (const other of [alice, cathy]) expect(files).not.toContain(other.participant(room))
})

test('who asked whom for consent is in the ledger of both providers, and of no other', () => {
  const knowing = domains.filter((domain) => kept(domain).includes(zoe.user))
  expect(knowing).toEqual(['a.example', 'b.example'])
})

test('a report is kept sealed: it is there, and nothing of what it says', () => {
  const files = kept('a.example')
  expect(files).toContain('verified')
  expect(found(files, ['note', 'text'])).toEqual([])
})
