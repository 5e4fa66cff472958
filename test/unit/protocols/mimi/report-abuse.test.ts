import { expect, test } from 'vitest'
import type { FieldName } from '../../../../src/model/metadata.ts'
import type { FieldEdit } from '../../../../src/model/adapter.ts'
import { mimiAdapter } from '../../../../src/protocols/mimi/adapter.ts'
import { decode, encode } from '../../../../src/wire/codec.ts'
import { abuseReportCodec, type AbuseReport } from '../../../../src/wire/mimi/report-abuse.ts'
import { codeOf, parsed, response } from '../../../support/mimi-requests.ts'

const room = 'mimi://a.example/r/clubhouse'
const reporter = 'mimi://b.example/u/bob'
const subject = 'mimi://c.example/u/mallory'
const report: AbuseReport = {
  reportingUser: reporter,
  allegedAbuserUri: subject,
  reasonCode: 'reserved',
  note: Buffer.from('please look'),
  messages: [
    {
      messageContent: Buffer.from('content'),
      frank: {
        serverFrank: Buffer.alloc(32),
        frankingSignatureCiphersuite: 1,
        frankingIntegritySignature: Buffer.alloc(64),
      },
      acceptedTimestamp: 1n,
    },
  ],
  abuseExtensions: { componentData: [] },
}

function parse(change: Partial<AbuseReport> = {}, target = room) {
  return parsed('reportAbuse', target, encode(abuseReportCodec, { ...report, ...change }))
}

test('a report names its subject and says how much it shows', () => {
  expect(parse()).toMatchObject({ room, reporter, subject, messageCount: 1 })
})

test('a report may come from nobody and show nothing', () => {
  const exchange = parse({ reportingUser: '', messages: [] })
  expect(exchange.reporter).toBeUndefined()
  expect(exchange.messageCount).toBe(0)
})

test('neither content nor note is in the exchange outside its bytes', () => {
  const { bytes: _, ...shown } = parse()
  expect(JSON.stringify(shown)).not.toMatch(/content|please/)
})

test('users must be users and the path a room', () => {
  expect(codeOf(() => parse({ reportingUser: room }))).toBe('invalid-uri')
  expect(codeOf(() => parse({ allegedAbuserUri: '' }))).toBe('invalid-uri')
  expect(codeOf(() => parse({}, reporter))).toBe('invalid-uri')
})

test.each<[readonly FieldName[], Partial<AbuseReport>]>([
  [['report.reporter'], { reportingUser: '' }],
  [['report.note'], { note: Buffer.alloc(0) }],
  [['report.reporter', 'report.note'], { reportingUser: '', note: Buffer.alloc(0) }],
])('without %s everything else stays', (hidden, change) => {
  const exchange = mimiAdapter.edit(parse(), dropped(hidden))
  expect(decode(abuseReportCodec, exchange.bytes)).toEqual({ ...report, ...change })
  expect(mimiAdapter.edit(exchange, dropped(hidden))).toBe(exchange)
})

test('a reporter gets the name that stands for it; nobody stays nobody', () => {
  const edits = {
    fields: new Map<FieldName, FieldEdit>([['report.reporter', { kind: 'rename', rename }]]),
    dropsUnknown: false,
  }
  const renamed = mimiAdapter.edit(parse(), edits)
  const reportingUser = `${reporter}-renamed`
  expect(renamed).toMatchObject({ reporter: reportingUser })
  expect(decode(abuseReportCodec, renamed.bytes)).toEqual({ ...report, reportingUser })
  const unnamed = parse({ reportingUser: '' })
  expect(mimiAdapter.edit(unnamed, edits)).toBe(unnamed)
})

test('the category stays, extensions that nobody knows go', () => {
  const known = { componentData: [component(0xf0a2)] }
  const all = { componentData: [component(0x8d99), component(0xf0a2)] }
  const exchange = mimiAdapter.edit(parse({ abuseExtensions: all }), {
    fields: new Map(),
    dropsUnknown: true,
  })
  expect(decode(abuseReportCodec, exchange.bytes)).toEqual({ ...report, abuseExtensions: known })
})

test('a field that nobody may edit never changes', () => {
  const exchange = parse()
  expect(mimiAdapter.edit(exchange, dropped(['report.subject', 'report.evidence']))).toBe(exchange)
})

function rename(user: string): string {
  return `${user}-renamed`
}

function component(componentId: number) {
  return { componentId, data: Buffer.from('x') }
}

function dropped(fields: readonly FieldName[]) {
  const drop: FieldEdit = { kind: 'drop' }
  return { fields: new Map(fields.map((field) => [field, drop] as const)), dropsUnknown: false }
}

test('the answer is a status without a body', () => {
  const exchange = parse()
  const answer = mimiAdapter.parseAnswer(exchange, response(Buffer.alloc(0), 201))
  expect(answer).toEqual({ operation: 'reportAbuse', outcome: { kind: 'accepted' } })
  expect(mimiAdapter.serialise(exchange, answer)).toEqual(response(Buffer.alloc(0), 201))
})
