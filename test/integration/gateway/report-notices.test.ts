import { createPublicKey } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeAll, expect, test } from 'vitest'
import type { ReportNotice } from '../../../src/client/flows/client-event.ts'
import type { FrankEvidence } from '../../../src/client/mimi/franked-message.ts'
import type { ReportKey } from '../../../src/client/mimi/sealed-report.ts'
import type { MimiClient } from '../../../src/client/mimi-client.ts'
import { loadKeys } from '../../../src/keys/key-files.ts'
import { rawKey } from '../../../src/reports/sealing.ts'
import { eventually, isMessage, newRoomUri } from '../../support/clubhouse.ts'
import { callInternal, until } from '../../support/gateway-calls.ts'
import { policedFederation, testRoles } from '../../support/policed-rooms.ts'
import { runCli } from '../../support/run-cli.ts'
import { order } from '../../support/sanctions.ts'

// A room of a.example with three people of it, admin, moderator and member, and a moderator and a member of
// other providers. Whoever is of a.example gets what its delivery service has for them.
const { federation, hub, person } = policedFederation()
let alice: MimiClient

beforeAll(async () => {
  alice = await federation.client('a.example', 'alice')
}, 30_000)

interface Scene {
  readonly room: string
  /** A moderator of the hub's provider. */
  readonly anna: MimiClient
  /** A member of it. */
  readonly adam: MimiClient
  /** A moderator of another one. */
  readonly bob: MimiClient
  /** A member of another one. */
  readonly carol: MimiClient
}

const testPolicy = () => ({ roles: testRoles })

async function scene(): Promise<Scene> {
  const room = newRoomUri()
  await alice.createRoom({ room, name: 'Policed', suite: 'identified', policy: testPolicy })
  const joined = async (domain: string, roleIndex: number) => {
    const one = await person(domain)
    expect(await alice.addUser(room, one.user, { roleIndex })).toMatchObject({ kind: 'accepted' })
    await one.next('joined', { room })
    return one
  }
  const anna = await joined('a.example', 3)
  const adam = await joined('a.example', 2)
  const bob = await joined('b.example', 3)
  return { room, anna, adam, bob, carol: await joined('c.example', 2) }
}

interface Said extends FrankEvidence {
  readonly messageId: Buffer
}

let count = 0

/** Something that somebody says, as a reader of another provider keeps it. */
async function said(by: MimiClient, reader: MimiClient, room: string): Promise<Said> {
  const text = `insult ${++count}`
  const isIt = isMessage(text)
  expect(await by.sendText(room, text)).toMatchObject({ kind: 'accepted' })
  const found = (await eventually(reader, isIt)).find(isIt)
  if (found?.kind !== 'message' || found.evidence === undefined) throw new Error('no evidence')
  return { ...found.evidence, messageId: found.messageId }
}

/** An app of `domain` reports to the hub; resolves to the id of the report there. */
async function report(domain: string, message: Said, change: object = {}): Promise<string> {
  const { roomUri: room, senderUri: uri, applicationData, frank, acceptedTimestamp } = message
  const body = JSON.stringify({
    room,
    subject: { uri },
    category: 'harassment',
    note: 'note-canary',
    messages: [
      {
        content: applicationData.toString('base64'),
        frank: {
          serverFrank: frank.serverFrank.toString('base64'),
          ciphersuite: frank.frankingSignatureCiphersuite,
          signature: frank.frankingIntegritySignature.toString('base64'),
        },
        acceptedTimestamp: Number(acceptedTimestamp),
      },
    ],
    consent: { forward: true },
    ...change,
  })
  const path = '/internal/v1/reports'
  const answer = await callInternal(federation.provider(domain), path, { body })
  expect(answer.status).toBe(202)
  const { stdout } = await postern('reports', 'list', '--json')
  const { reports } = JSON.parse(stdout) as { readonly reports: readonly { readonly id: string }[] }
  return reports[0]?.id ?? ''
}

async function sealingKey(): Promise<ReportKey> {
  const keys = await loadKeys(join(hub().directory, 'keys'), Date.now)
  const { id, key } = keys.active('report-sealing')
  return { kid: id, x: rawKey(createPublicKey(key)).toString('base64url') }
}

const postern = (...args: string[]) =>
  runCli([...args, '--socket', hub().config().listeners.admin.socket])

function isNotice(event: { readonly kind: string }): event is ReportNotice {
  return event.kind === 'report-notice'
}

/** The notices of a room that a client has, up to the one about this subject. */
async function noticesOf(client: MimiClient, room: string, subject: string) {
  const events = await eventually(
    client,
    (event) => isNotice(event) && event.room === room && event.subject === subject,
  )
  return events.filter(isNotice).filter((event) => event.room === room)
}

/** Everything that is there for a client, once a message that comes later is. */
async function kindsOf(client: MimiClient, room: string): Promise<readonly string[]> {
  const text = `the end ${++count}`
  expect(await alice.sendText(room, text)).toMatchObject({ kind: 'accepted' })
  return (await eventually(client, isMessage(text))).map(({ kind }) => kind)
}

test('with consent moderators of the hub’s provider hear of a report, and nobody else does', async () => {
  const { room, anna, adam, bob, carol } = await scene()
  const message = await said(carol, bob, room)
  const id = await report('b.example', message)
  for (const moderator of [alice, anna]) {
    expect(await noticesOf(moderator, room, carol.user)).toEqual([
      {
        kind: 'report-notice',
        room,
        noticeId: expect.stringMatching(/^ntc-[\w-]{22}$/) as string,
        subject: carol.user,
        category: 'harassment',
        verification: 'frank',
        distinctReporters: '1',
        // One of its provider: the day is all that is told.
        timeBucket: new Date().toISOString().slice(0, 10),
        messageIds: [],
      },
    ])
  }
  for (const other of [adam, bob, carol])
    expect(await kindsOf(other, room)).not.toContain('report-notice')
  const { stdout } = await postern('reports', 'route', id)
  expect(stdout).toContain(`allow  notice    room-moderators    ${room}  r5-room-notice\n`)
  expect(stdout).toContain(`deny   evidence  room-moderators    ${room}  no policy permits it\n`)
  expect(stdout).toMatch(/told: moderators of the room \(2\) .* because r5-room-notice\n/)
}, 60_000)

test('with both consents they hear which messages it was, which they have', async () => {
  const { room, bob, carol } = await scene()
  const message = await said(carol, bob, room)
  await report('b.example', message, { consent: { forward: true, evidence: true } })
  const [notice] = await noticesOf(alice, room, carol.user)
  expect(notice?.messageIds).toEqual([message.messageId])
  const { bytes } = await callInternal(hub(), '/internal/v1/report-notices')
  expect(bytes.toString()).not.toMatch(/canary|insult|r5-|reporter"/)
}, 60_000)

test('without consent, and of a restricted category, they hear nothing', async () => {
  const { room, bob, carol } = await scene()
  const silent = await said(carol, bob, room)
  await report('b.example', silent, { consent: {} })
  await report('b.example', silent, { consent: { evidence: true, disclose: true } })
  const restricted = await said(carol, bob, room)
  const both = { consent: { forward: true, evidence: true } }
  await report('b.example', restricted, { category: 'adult.ncii', ...both })
  // The hub tells of reports in their order.
  await report('b.example', await said(bob, carol, room))
  expect(await noticesOf(alice, room, bob.user)).toHaveLength(1)
}, 60_000)

test('neither whom it is about nor who has reported hears of it', async () => {
  const { room, anna, bob, carol } = await scene()
  await report('b.example', await said(anna, bob, room))
  expect(await noticesOf(alice, room, anna.user)).toHaveLength(1)
  // Alice signs with the key of her leaf, for the hub alone to read.
  const message = await said(carol, bob, room)
  const consent = { forward: true }
  const sealed = { key: await sealingKey(), category: 'harassment', consent, signed: true }
  await alice.report(room, [message], { sealed })
  expect(await noticesOf(anna, room, carol.user)).toHaveLength(1)
  await report('c.example', await said(bob, carol, room))
  expect(await noticesOf(alice, room, bob.user)).toHaveLength(1)
}, 60_000)

test('reporters who did not agree do not show, not even as a number', async () => {
  const { room, bob, carol } = await scene()
  const message = await said(carol, bob, room)
  await report('b.example', message, { consent: {} })
  await report('a.example', message)
  await report('c.example', message)
  const first = await noticesOf(alice, room, carol.user)
  const all = first.length === 2 ? first : [...first, ...(await noticesOf(alice, room, carol.user))]
  expect(all.map(({ distinctReporters }) => distinctReporters)).toEqual(['1', '2-4'])
}, 60_000)

test('who is banned meanwhile is told no longer, and a restart repeats nothing', async () => {
  const { room, anna, bob, carol } = await scene()
  await report('b.example', await said(carol, bob, room))
  await noticesOf(anna, room, carol.user)
  const told = async () => {
    const { bytes } = await callInternal(hub(), '/internal/v1/report-notices')
    const { notices } = JSON.parse(bytes.toString()) as {
      readonly notices: readonly { readonly room: string; readonly moderators: readonly string[] }[]
    }
    return notices.find((notice) => notice.room === room)?.moderators
  }
  expect(await told()).toEqual([alice.user, anna.user])
  await hub().stop()
  await hub().start()
  await order(hub(), { kind: 'ban', room, participant: anna.user })
  expect(await told()).toEqual([alice.user])
}, 60_000)

test('what the end of the process kept from following a report follows at the next start', async () => {
  const { room, anna, bob, carol } = await scene()
  await report('b.example', await said(carol, bob, room))
  await noticesOf(anna, room, carol.user)
  await hub().stop()
  const database = new DatabaseSync(join(hub().directory, 'postern.sqlite'))
  const told = () =>
    database
      .prepare('SELECT 1 FROM moderator_notices JOIN reports ON reports.id = report WHERE room = ?')
      .all(room).length
  try {
    expect(told()).toBe(1)
    database.exec(`INSERT INTO report_follow_ups SELECT report, 0 FROM moderator_notices;
      DELETE FROM moderator_notices`)
    expect(told()).toBe(0)
    await hub().start()
    await until(() => told() === 1)
  } finally {
    database.close()
  }
}, 60_000)

test('a delivery service waits for the next notice, and what is no number is refused', async () => {
  const { room, bob, carol } = await scene()
  const ask = async (query: string) => {
    const answer = await callInternal(hub(), `/internal/v1/report-notices?${query}`)
    expect(answer.status).toBe(200)
    const { notices } = JSON.parse(answer.bytes.toString()) as {
      readonly notices: readonly { readonly sequence: number; readonly room: string }[]
    }
    return notices
  }
  const last = (await ask('after=0')).at(-1)?.sequence ?? 0
  const next = ask(`after=${last}&waitMs=20000`)
  await report('b.example', await said(carol, bob, room))
  expect(await next).toMatchObject([{ sequence: last + 1, room }])
  expect(await ask(`after=${last + 1}&waitMs=1`)).toEqual([])
  const bad = await callInternal(hub(), '/internal/v1/report-notices?after=x')
  expect(bad.code).toBe('malformed-request')
}, 60_000)
