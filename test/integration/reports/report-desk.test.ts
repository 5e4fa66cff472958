import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readApplicationData } from '../../../src/franking/application-data.ts'
import { expect, test } from 'vitest'
import { createReportVerifier } from '../../../src/franking/verify-report.ts'
import { parseMimiUri } from '../../../src/model/ids.ts'
import { encode } from '../../../src/wire/codec.ts'
import {
  reportExtensionCodec,
  reportExtensionComponent,
} from '../../../src/wire/mimi/report-extension.ts'
import { acceptedMs, alice, room, testAgent, textContent } from '../../support/franking.ts'
import { abusive, openDesk, openingKey, reportExchange } from '../../support/reports.ts'

const CANARY = 'canary-7f3a9c51e2'
const content = textContent(`abusive ${CANARY}`)
const other = textContent('see you tomorrow', { salt: Buffer.alloc(16, 7) })

test('an honest report is verified, kept and listed', async () => {
  const { desk } = await openDesk()
  const receipt = await desk.receive(reportExchange({ messages: [abusive(content)] }))
  expect(receipt).toMatchObject({ result: 'verified', duplicate: false, category: 'unspecified' })
  expect(receipt.id).toMatch(/^rep-[0-9A-HJKMNP-TV-Z]{26}$/)
  const [summary] = desk.list()
  expect(summary).toEqual({
    id: receipt.id,
    receivedAtMs: acceptedMs + 60_000,
    room,
    provider: 'c.example',
    subject: expect.stringMatching(/^[0-9a-f]{32}$/),
    category: 'unspecified',
    messages: 1,
    result: 'verified',
    consentFlags: 0,
    reporterProof: 'none',
  })
  expect((await desk.show(receipt.id))?.checks).toEqual([
    {
      messageId: expect.stringMatching(/^01[0-9a-f]{62}$/),
      result: 'verified',
      method: 'frank',
      anomaly: undefined,
      gap: undefined,
      proof: expect.any(String),
    },
  ])
})

test('nothing of what a report says, and nobody who says it, stands in the files of the store', async () => {
  const { desk, store, path } = await openDesk()
  await desk.receive(
    reportExchange({
      note: Buffer.from(`note ${CANARY}`),
      messages: [abusive(content)],
    }),
  )
  const files = () =>
    readdirSync(dirname(path)).map((name) => readFileSync(join(dirname(path), name)))
  const secrets = [CANARY, alice, 'mimi://c.example/u/cathy', content.subarray(3, 19)]
  for (const bytes of files())
    for (const secret of secrets) expect(bytes.includes(secret)).toBe(false)
  await store[Symbol.asyncDispose]()
  for (const bytes of files())
    for (const secret of secrets) expect(bytes.includes(secret)).toBe(false)
})

test('the evidence opens with the private key only, and only when it is asked for', async () => {
  const { desk } = await openDesk()
  const { id } = await desk.receive(
    reportExchange({ note: Buffer.from('please look'), messages: [abusive(content)] }),
  )
  expect((await desk.show(id))?.evidence).toBeUndefined()
  expect((await desk.show(id, () => openingKey))?.evidence).toEqual({
    reporter: 'mimi://c.example/u/cathy',
    subject: alice,
    note: 'please look',
    messages: [
      {
        number: 1,
        attachments: [],
        frankingTag: readApplicationData(content)?.frankingTag.toString('hex'),
        messageId: expect.stringMatching(/^01[0-9a-f]{62}$/),
        acceptedAtMs: acceptedMs,
        texts: [`abusive ${CANARY}`],
        applicationData: content.toString('base64'),
      },
    ],
  })
  const { privateKey } = generateKeyPairSync('x25519')
  await expect(desk.show(id, () => privateKey)).rejects.toMatchObject({
    code: 'key-unavailable',
    facts: { reason: 'does-not-open' },
  })
  await expect(desk.show(id, () => undefined)).rejects.toMatchObject({ code: 'key-unavailable' })
  expect(await desk.show('rep-unknown')).toBeUndefined()
})

test('sealed evidence belongs to its report: moved to another one it does not open', async () => {
  const { desk, store } = await openDesk()
  const one = await desk.receive(reportExchange({ messages: [abusive(content)] }))
  const two = await desk.receive(reportExchange({ messages: [abusive(other)] }))
  await store.write(
    `UPDATE reports SET (encapsulation, sealed) =
      (SELECT encapsulation, sealed FROM reports WHERE id = ?) WHERE id = ?`,
    [one.id, two.id],
  )
  await expect(desk.show(two.id, () => openingKey)).rejects.toMatchObject({
    facts: { reason: 'does-not-open' },
  })
})

test('the same message by the same reporter counts once, by another reporter again', async () => {
  const { desk } = await openDesk()
  const report = reportExchange({ messages: [abusive(content)] })
  const first = await desk.receive(report)
  expect(await desk.receive(report)).toEqual({ ...first, duplicate: true })
  const bob = 'mimi://c.example/u/bob'
  expect(
    await desk.receive(reportExchange({ reportingUser: bob, messages: [abusive(content)] })),
  ).toMatchObject({ duplicate: false })
  expect(desk.list()).toHaveLength(2)
})

test('a report that adds a message counts only what is new', async () => {
  const { desk } = await openDesk()
  await desk.receive(reportExchange({ messages: [abusive(content)] }))
  const second = await desk.receive(
    reportExchange({ messages: [abusive(content), abusive(other), abusive(other)] }),
  )
  expect(second.duplicate).toBe(false)
  const detail = await desk.show(second.id)
  expect(detail?.summary.messages).toBe(1)
  expect(detail?.checks).toHaveLength(1)
})

test('a forged report that came first does not swallow a true one of the same message', async () => {
  const { desk } = await openDesk()
  const honestMessage = abusive(content)
  const frank = { ...honestMessage.frank, serverFrank: Buffer.alloc(32, 1) }
  const forged = await desk.receive(reportExchange({ messages: [{ ...honestMessage, frank }] }))
  expect(forged.result).not.toBe('verified')
  const honest = await desk.receive(reportExchange({ messages: [honestMessage] }))
  expect(honest).toMatchObject({ result: 'verified', duplicate: false })
  const late = await desk.receive(reportExchange({ messages: [{ ...honestMessage, frank }] }))
  expect(late).toMatchObject({ id: honest.id, result: 'verified', duplicate: true })
})

test('reports that race for the same message are counted once', async () => {
  const { desk } = await openDesk()
  const report = reportExchange({ messages: [abusive(content)] })
  const receipts = await Promise.all(Array.from({ length: 8 }, () => desk.receive(report)))
  expect(receipts.filter(({ duplicate }) => !duplicate)).toHaveLength(1)
  expect(new Set(receipts.map(({ id }) => id)).size).toBe(1)
  expect(desk.list()).toHaveLength(1)
})

test('unnamed reporters of one provider count as one', async () => {
  const { desk } = await openDesk()
  const report = reportExchange({ reportingUser: '', messages: [abusive(content)] })
  expect((await desk.receive(report)).duplicate).toBe(false)
  expect((await desk.receive(report)).duplicate).toBe(true)
})

test('a swapped frank is kept as unverifiable with its anomaly, a lie by the relay log as contradicted', async () => {
  const forged = reportExchange({ messages: [abusive(textContent('invented'), content)] })
  {
    const { desk } = await openDesk()
    const { id, result } = await desk.receive(forged)
    expect(result).toBe('unverifiable')
    expect((await desk.show(id))?.checks[0]?.anomaly).toBe('frank-swap-suspected')
  }
  const verify = createReportVerifier({
    agent: testAgent(),
    clock: () => acceptedMs,
    retentionMs: 86_400_000,
    relayed: () => undefined,
  })
  const { desk } = await openDesk({ verify, facts: { relayLogComplete: true } })
  expect((await desk.receive(forged)).result).toBe('contradicted')
  // One true message does not carry a false one.
  const mixed = reportExchange({
    reportingUser: '',
    messages: [abusive(content), abusive(textContent('invented'), content)],
  })
  expect((await desk.receive(mixed)).result).toBe('contradicted')
  expect(desk.list({ result: 'contradicted' })).toHaveLength(2)
  expect(desk.list({ result: 'verified' })).toHaveLength(0)
})

test('a report without messages is taken and not checked', async () => {
  const { desk } = await openDesk()
  expect(await desk.receive(reportExchange({}))).toMatchObject({
    result: 'not-checked',
    duplicate: false,
  })
})

test('the category comes from the extension, if it is one of ours', async () => {
  const { desk } = await openDesk({ facts: { subjectForm: 'exact' } })
  expect((await desk.receive(withCode('harassment.doxxing'))).category).toBe('harassment.doxxing')
  expect((await desk.receive(withCode('made.up'))).category).toBe('unspecified')
  expect(desk.list()[0]?.subject).toBe(alice)
  const broken = { componentId: reportExtensionComponent, data: Buffer.of(1) }
  await expect(
    desk.receive(reportExchange({ abuseExtensions: { componentData: [broken] } })),
  ).rejects.toMatchObject({ code: 'malformed-body' })
})

test('pages go from the newest report to the oldest, for one room or for all', async () => {
  let nowMs = acceptedMs
  const { desk } = await openDesk({ clock: () => nowMs++ })
  for (let count = 0; count < 5; count++)
    await desk.receive(reportExchange({ note: Buffer.from(`number ${count}`) }))
  const first = desk.list({ limit: 3 })
  const rest = desk.list({ limit: 3, after: first.at(-1)?.id })
  const times = [...first, ...rest].map(({ receivedAtMs }) => receivedAtMs - acceptedMs)
  expect(times).toEqual([4, 3, 2, 1, 0])
  expect(desk.list({ room })).toHaveLength(5)
  expect(desk.list({ room: 'mimi://hub.example/r/other' })).toHaveLength(0)
})

const many = Array.from({ length: 21 }, (_, index) =>
  abusive(textContent(`number ${index}`, { salt: Buffer.alloc(16, index) })),
)
test.each([
  {
    flaw: 'about an unknown room',
    exchange: reportExchange({}, { room: parseMimiUri('mimi://hub.example/r/unknown') }),
    fault: { code: 'room-unknown' },
  },
  {
    flaw: "for another provider's user",
    exchange: reportExchange({ reportingUser: 'mimi://b.example/u/bob' }),
    fault: { code: 'actor-mismatch' },
  },
  {
    flaw: 'over 1 MiB',
    exchange: reportExchange({}, { bytes: Buffer.alloc(1_048_577) }),
    fault: { code: 'body-too-large' },
  },
  {
    flaw: 'cut off',
    exchange: reportExchange({}, { bytes: Buffer.of(0) }),
    fault: { code: 'malformed-body' },
  },
  {
    flaw: 'with 21 messages',
    exchange: reportExchange({ messages: many }),
    fault: { code: 'report-invalid', facts: { reason: 'too-many-messages' } },
  },
  {
    flaw: 'with content that is none',
    exchange: reportExchange({
      messages: [abusive(content), { ...abusive(content), messageContent: Buffer.from('hello') }],
    }),
    fault: { code: 'report-invalid', facts: { reason: 'malformed-content', message: 1 } },
  },
  {
    flaw: 'about somebody else than the sender',
    exchange: reportExchange({
      allegedAbuserUri: 'mimi://b.example/u/victim',
      messages: [abusive(content)],
    }),
    fault: { code: 'report-invalid', facts: { reason: 'alleged-abuser-mismatch' } },
  },
])('a report $flaw is refused and nothing is kept', async ({ exchange, fault }) => {
  const { desk } = await openDesk()
  await expect(desk.receive(exchange)).rejects.toMatchObject(fault)
  expect(desk.list()).toHaveLength(0)
})

test('twenty messages are taken, and reports of our own users come from us', async () => {
  const { desk } = await openDesk()
  const exchange = reportExchange(
    { reportingUser: 'mimi://hub.example/u/hugo', messages: many.slice(0, 20) },
    { origin: { kind: 'local' } },
  )
  expect(await desk.receive(exchange)).toMatchObject({ result: 'verified' })
  expect(desk.list()[0]).toMatchObject({ provider: 'hub.example', messages: 20 })
})

function withCode(code: string) {
  const empty = Buffer.alloc(0)
  const data = encode(reportExtensionCodec, {
    code,
    consentFlags: 0,
    reporterProof: empty,
    sealedMessages: empty,
    mlsEvidence: empty,
  })
  const extension = { componentId: reportExtensionComponent, data }
  return reportExchange({ abuseExtensions: { componentData: [extension] } })
}
