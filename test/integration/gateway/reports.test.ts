import { beforeAll, expect, test } from 'vitest'
import { buildReport } from '../../../src/client/mimi/abuse-report.ts'
import type { FrankEvidence } from '../../../src/client/mimi/franked-message.ts'
import { decode, encode } from '../../../src/wire/codec.ts'
import { abuseReportCodec } from '../../../src/wire/mimi/report-abuse.ts'
import { message, newRoomUri, useClubhouse } from '../../support/clubhouse.ts'
import { callPeer, problemOf, rows } from '../../support/gateway-calls.ts'

// Bob of b.example reports to the hub a.example what Cathy of c.example has said.
const rates = { reportAbuse: { perSecond: 100, burst: 100 } }
const clubhouse = useClubhouse({ providers: { 'a.example': { extra: { rates } } } })
let room: string
let otherRoom: string

beforeAll(async () => {
  const { room: open } = clubhouse()
  room = await open()
  otherRoom = await open()
}, 30_000)

const hub = () => clubhouse().federation.provider('a.example')

/** A message of Cathy's as Bob holds it. */
async function evidenceOf(text: string, uri = room): Promise<FrankEvidence> {
  const { bob, cathy } = clubhouse()
  await cathy.sendText(uri, text)
  const { evidence } = await message(bob, text)
  if (evidence === undefined) throw new Error('no evidence')
  return evidence
}

function send(body: Buffer, target = room) {
  const as = clubhouse().federation.provider('b.example').identity
  return callPeer(hub(), { as, from: 'b.example', operation: 'reportAbuse', target, body })
}

const stored = () => rows(hub(), 'postern.sqlite')('SELECT id FROM reports').length

/** What the hub makes of a report, and that it answers nothing. */
async function verdictOf(body: Buffer, target = room) {
  const before = stored()
  const { status, body: answer } = await send(body, target)
  expect([status, answer.length]).toEqual([201, 0])
  expect(stored()).toBe(before + 1)
  const [newest] = rows(
    hub(),
    'postern.sqlite',
  )(
    `SELECT reports.result, reports.provider, method, anomaly FROM reports
     LEFT JOIN report_messages ON report = reports.id ORDER BY reports.id DESC LIMIT 1`,
  )
  return newest
}

/** Our frank, for this sender, room and time, but of content that never passed: the relay log is complete. */
const invented = { result: 'contradicted', anomaly: 'content-never-relayed' }
/** The same of content that did pass: somebody on the way swapped the frank. */
const swapped = {
  result: 'verified',
  method: 'relay-log',
  anomaly: 'frank-swapped-in-transit',
}
const verified = { result: 'verified', provider: 'b.example', method: 'frank', anomaly: null }

test('a report of a message that the hub has relayed is verified', async () => {
  expect(await verdictOf(buildReport({ messages: [await evidenceOf('insult')] }))).toEqual(verified)
})

test('a client’s own report reaches the hub and is verified', async () => {
  const before = stored()
  await clubhouse().bob.report(room, [await evidenceOf('threat')], { note: 'please look' })
  expect(stored()).toBe(before + 1)
})

test('a report with edited content is answered the same and contradicted', async () => {
  const evidence = await evidenceOf('I like you')
  const applicationData = Buffer.from(evidence.applicationData)
  applicationData.write('hate', applicationData.indexOf('like'))
  const messages = [{ ...evidence, applicationData }] as const
  expect(await verdictOf(buildReport({ messages }))).toMatchObject(invented)
})

test('a report with the frank of another message is verified by the relay log, and the swap named', async () => {
  const [one, other] = [await evidenceOf('one'), await evidenceOf('other')]
  const { frank, acceptedTimestamp } = other
  const messages = [{ ...one, frank, acceptedTimestamp }] as const
  expect(await verdictOf(buildReport({ messages }))).toMatchObject(swapped)
})

test('a frank that is not ours proves nothing, the relay log does', async () => {
  const evidence = await evidenceOf('forged')
  const frank = {
    ...evidence.frank,
    serverFrank: Buffer.alloc(32, 1),
    frankingIntegritySignature: Buffer.alloc(64, 1),
  }
  expect(await verdictOf(buildReport({ messages: [{ ...evidence, frank }] }))).toMatchObject({
    method: 'relay-log',
    anomaly: 'frank-not-ours',
  })
})

test('a report with another time than the franked one is not verified by its frank', async () => {
  const evidence = await evidenceOf('yesterday')
  const acceptedTimestamp = evidence.acceptedTimestamp - 86_400_000n
  const verdict = await verdictOf(buildReport({ messages: [{ ...evidence, acceptedTimestamp }] }))
  expect(verdict).toMatchObject({ method: 'relay-log', anomaly: 'frank-not-ours' })
})

test('a report that blames somebody else than the sender is refused and not kept', async () => {
  const { bob, alice } = clubhouse()
  const report = decode(abuseReportCodec, buildReport({ messages: [await evidenceOf('mine')] }))
  const before = stored()
  for (const allegedAbuserUri of [bob.participant(room), alice.participant(room)]) {
    const refused = await send(encode(abuseReportCodec, { ...report, allegedAbuserUri }))
    expect(problemOf(refused)).toEqual({ status: 422, code: 'report-invalid' })
  }
  expect(stored()).toBe(before)
})

test('a message of one room is no evidence in another', async () => {
  const body = buildReport({ messages: [await evidenceOf('elsewhere', otherRoom)] })
  const before = stored()
  expect(problemOf(await send(body))).toEqual({ status: 422, code: 'report-invalid' })
  expect(stored()).toBe(before)
  expect(await verdictOf(body, otherRoom)).toEqual(verified)
})

test('a provider reports for its own users only', async () => {
  const { cathy } = clubhouse()
  const messages = [await evidenceOf('not yours')] as const
  const before = stored()
  for (const reporter of [cathy.participant(room), 'mimi://a.example/u/alice']) {
    const refused = await send(buildReport({ messages, reporter }))
    expect(problemOf(refused)).toEqual({ status: 403, code: 'actor-mismatch' })
  }
  expect(stored()).toBe(before)
})

test('a report about a room that is not there is answered like any other, and not kept', async () => {
  const messages = [await evidenceOf('nowhere')] as const
  const before = stored()
  const unfit = await send(buildReport({ messages }), newRoomUri())
  expect(problemOf(unfit)).toEqual({ status: 422, code: 'report-invalid' })
  const without = buildReport({ messages, note: 'no evidence' })
  const report = decode(abuseReportCodec, without)
  const empty = encode(abuseReportCodec, { ...report, messages: [] })
  const taken = await send(empty, newRoomUri())
  expect([taken.status, taken.body.length]).toEqual([201, 0])
  expect(stored()).toBe(before)
})

test('the same report again is answered the same and counted once', async () => {
  const body = buildReport({ messages: [await evidenceOf('again')] })
  expect(await verdictOf(body)).toEqual(verified)
  const before = stored()
  expect((await send(body)).status).toBe(201)
  const counted = rows(
    hub(),
    'postern.sqlite',
  )('SELECT sum(messages) AS messages FROM reports WHERE id = (SELECT max(id) FROM reports)')
  expect([stored(), counted]).toEqual([before, [{ messages: 1 }]])
})
