import { beforeAll, expect, test } from 'vitest'
import type { FrankEvidence } from '../../../src/client/mimi/franked-message.ts'
import { readApplicationData } from '../../../src/franking/application-data.ts'
import { message, newRoomUri, useClubhouse } from '../../support/clubhouse.ts'
import { callInternal, rows } from '../../support/gateway-calls.ts'

// The apps of b.example and of the hub a.example report what Cathy of c.example has said.
const clubhouse = useClubhouse()
let room: string
let said: FrankEvidence

const provider = (domain: string) => clubhouse().federation.provider(domain)

beforeAll(async () => {
  const { bob, cathy, room: open } = clubhouse()
  room = await open()
  await cathy.sendText(room, 'insult')
  const { evidence } = await message(bob, 'insult')
  if (evidence === undefined) throw new Error('no evidence')
  said = evidence
}, 30_000)

const base64 = (bytes: Buffer) => bytes.toString('base64')

function form(change: object = {}): string {
  const { applicationData, frank, acceptedTimestamp, senderUri } = said
  return JSON.stringify({
    room,
    subject: { uri: senderUri },
    category: 'harassment',
    note: 'please look',
    messages: [
      {
        content: base64(applicationData),
        frank: {
          serverFrank: base64(frank.serverFrank),
          ciphersuite: frank.frankingSignatureCiphersuite,
          signature: base64(frank.frankingIntegritySignature),
        },
        acceptedTimestamp: Number(acceptedTimestamp),
      },
    ],
    consent: { forward: true },
    ...change,
  })
}

const post = (domain: string, path: string, body: string) =>
  callInternal(provider(domain), `/internal/v1/${path}`, { body })

async function receiptOf(domain: string, body: string, path = 'reports'): Promise<string> {
  const { status, bytes } = await post(domain, path, body)
  expect([status, bytes.toString()]).toEqual([202, expect.stringContaining('"receipt"')])
  const { receipt } = JSON.parse(bytes.toString()) as { receipt: string }
  return receipt
}

const statusAt = async (domain: string, receipt: string) => {
  const path = `/internal/v1/reports/${encodeURIComponent(receipt)}`
  const { status, code, bytes } = await callInternal(provider(domain), path)
  return status === 200 ? (JSON.parse(bytes.toString()) as unknown) : { status, code }
}

/** What the hub keeps of the reports of a provider: one row for one message and reporter. */
const kept = (domain: string) =>
  rows(
    provider('a.example'),
    'postern.sqlite',
  )(`SELECT provider, category, consent, result FROM reports WHERE provider = '${domain}'`)

test.each(['a.example', 'b.example'])(
  'an app of %s reports in JSON, to whatever hub, and follows the report by its receipt',
  async (domain) => {
    const receipt = await receiptOf(domain, form())
    expect(kept(domain)).toEqual([
      { provider: domain, category: 'harassment', consent: 1, result: 'verified' },
    ])
    expect(await statusAt('a.example', receipt)).toEqual({ status: 'received' })
  },
)

test('a receipt that is changed, or that names a hub that nobody knows, tells nothing', async () => {
  const receipt = await receiptOf('b.example', form({ note: 'another' }))
  const gone = { status: 404, code: 'receipt-unknown' }
  const [head = '', payload = '', signature = ''] = receipt.split('.')
  const changed = `${head}.${payload.slice(0, -2)}${payload.endsWith('AA') ? 'BB' : 'AA'}.${signature}`
  expect(await statusAt('a.example', changed)).toEqual(gone)
  expect(await statusAt('a.example', 'nonsense')).toEqual(gone)
  expect(await statusAt('b.example', changed)).toEqual(gone)
  const of = (hub: string) =>
    `${head}.${Buffer.from(`{"hub":"${hub}","iat":1,"report":"rep-1"}`).toString('base64url')}.${signature}`
  for (const hub of ['evil.example', 'c.example', 'b.example', 'no domain'])
    expect([hub, await statusAt('b.example', of(hub))]).toEqual([hub, gone])
})

test('the reporter’s provider asks the hub for its users, and learns the status and no more', async () => {
  const receipt = await receiptOf('b.example', form({ note: 'asked from afar' }))
  expect(await statusAt('b.example', receipt)).toEqual({ status: 'received' })
  await provider('a.example').stop()
  const asked = await statusAt('b.example', receipt)
  await provider('a.example').start()
  expect(asked).toMatchObject({ code: 'peer-unreachable' })
})

test('a provider that asks too often is told to wait', async () => {
  const receipt = await receiptOf('b.example', form({ note: 'asked often' }))
  const answers = await Promise.all(
    Array.from({ length: 130 }, () => statusAt('b.example', receipt)),
  )
  const limited = JSON.stringify(answers).split('rate-limited').length - 1
  expect(limited).toBeGreaterThan(5)
  expect(answers).toContainEqual({ status: 'received' })
})

test('a report about a room that is not there has a receipt like any other', async () => {
  const receipt = await receiptOf(
    'b.example',
    form({ room: newRoomUri(), messages: [], note: 'nowhere' }),
  )
  expect(receipt).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
  expect(await statusAt('a.example', receipt)).toEqual({ status: 'received' })
})

test.each<[string, object, string]>([
  ['a field that nobody knows', { surprise: 1 }, 'malformed-body'],
  ['no subject', { subject: {} }, 'malformed-body'],
  ['a subject that is no URI', { subject: { uri: 'cathy' } }, 'invalid-uri'],
  ['a room that is no URI', { room: 'room' }, 'invalid-uri'],
  ['a proof that is no base64', { sealed: { proof: '*' } }, 'malformed-body'],
  ['a proof that opens for nobody', { sealed: { proof: 'AAAA' } }, 'report-invalid'],
])('a report with %s is refused with a code and kept nowhere', async (_, change, code) => {
  const before = rows(provider('a.example'), 'postern.sqlite')('SELECT 1 FROM reports').length
  expect((await post('a.example', 'reports', form(change))).code).toBe(code)
  expect(rows(provider('a.example'), 'postern.sqlite')('SELECT 1 FROM reports')).toHaveLength(
    before,
  )
})

test('21 messages are refused', async () => {
  const { messages } = JSON.parse(form()) as { messages: unknown[] }
  const many = Array.from({ length: 21 }, () => messages[0])
  expect((await post('a.example', 'reports', form({ messages: many }))).code).toBe('malformed-body')
})

const counted = () =>
  rows(
    provider('a.example'),
    'postern.sqlite',
  )('SELECT room, subject, count(*) AS n FROM spam_reporters GROUP BY room, subject')

test('spam is reported by its tag alone, and counted at the hub', async () => {
  const tag = readApplicationData(said.applicationData)?.frankingTag ?? Buffer.alloc(0)
  const spam = (frankingTag: string) =>
    JSON.stringify({ room, subject: { uri: said.senderUri }, frankingTag })
  await receiptOf('b.example', spam(base64(Buffer.alloc(32))), 'spam-reports')
  expect(counted()).toEqual([])
  await receiptOf('b.example', spam(base64(tag)), 'spam-reports')
  await receiptOf('b.example', spam(base64(tag)), 'spam-reports')
  expect(counted()).toEqual([{ room, subject: said.senderUri, n: 1 }])
  const nowhere = JSON.stringify({
    room: newRoomUri(),
    subject: { uri: said.senderUri },
    frankingTag: base64(tag),
  })
  // Counted or not, and whether there is such a room: nobody learns it from the receipt.
  const receipts = [spam(base64(tag)), spam(base64(Buffer.alloc(32))), nowhere].map((body) =>
    receiptOf('b.example', body, 'spam-reports'),
  )
  for (const receipt of await Promise.all(receipts)) {
    expect(Buffer.from(receipt.split('.')[1] ?? '', 'base64url').toString()).toContain('spm-')
    expect(await statusAt('a.example', receipt)).toEqual({ status: 'received' })
  }
  expect((await post('b.example', 'spam-reports', spam('AAAA'))).code).toBe('malformed-body')
})
