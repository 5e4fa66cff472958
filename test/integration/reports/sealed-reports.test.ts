import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import {
  composeMessage,
  textBody,
  type FrankEvidence,
} from '../../../src/client/mimi/franked-message.ts'
import { createReportVerifier } from '../../../src/franking/verify-report.ts'
import { parseProviderDomain } from '../../../src/model/ids.ts'
import type { ReportExchange } from '../../../src/reports/intake.ts'
import type { ReportDeskOptions } from '../../../src/reports/report-desk.ts'
import { decode, encode } from '../../../src/wire/codec.ts'
import { abuseReportCodec } from '../../../src/wire/mimi/report-abuse.ts'
import { groupContextCodec } from '../../../src/wire/mls/group-info.ts'
import { acceptedMs, alice, room, testAgent, textContent } from '../../support/franking.ts'
import { groupOf } from '../../support/mls-members.ts'
import { openDesk, openingKey, reportExchange } from '../../support/reports.ts'
import { evidence, sealedBody, type SealedInput } from '../../support/sealed-reports.ts'

const CANARY = 'canary-51c0ffee'
const cathy = 'mimi://c.example/u/cathy'
const [ofAlice, ofCathy] = groupOf([alice, cathy])
if (ofAlice === undefined || ofCathy === undefined) throw new Error('no group')
const content = textContent(`abusive ${CANARY}`)

/** What a hub remembers of the one epoch there is. */
const record: Pick<ReportDeskOptions, 'hadLeaf' | 'verify'> = {
  hadLeaf: (_room, { epoch, leafIndex, signatureKey, reporter }) =>
    epoch === ofCathy.context.epoch &&
    leafIndex === 1 &&
    reporter === cathy &&
    ofCathy.members[1]?.leaf.signatureKey.equals(signatureKey) === true,
  verify: createReportVerifier({
    agent: testAgent(),
    clock: () => acceptedMs + 60_000,
    retentionMs: 30 * 86_400_000,
    hadLeaf: ({ epoch, leafIndex, leafKey, contextHash }, { sender }) =>
      epoch === ofCathy.context.epoch &&
      sender === alice &&
      contextHash.equals(
        createHash('sha256').update(encode(groupContextCodec, ofCathy.context)).digest(),
      ) &&
      ofCathy.members[leafIndex]?.leaf.signatureKey.equals(leafKey) === true,
  }),
}

function sealed(change: Partial<SealedInput> = {}, exchange: Partial<ReportExchange> = {}) {
  const body = sealedBody({
    messages: [evidence(content)],
    group: ofCathy!,
    reporter: cathy,
    ...change,
  })
  const { messages: _, ...outer } = decode(abuseReportCodec, body)
  return reportExchange({ ...outer, messages: [] }, { bytes: body, ...exchange })
}

test('a sealed report is opened, verified and kept like an open one', async () => {
  const { desk } = await openDesk(record)
  const exchange = sealed({
    note: `note ${CANARY}`,
    details: { consent: { forward: true, contact: true } },
  })
  expect(exchange.bytes.includes(CANARY)).toBe(false)
  const { id, category, result } = await desk.receive(exchange)
  expect([category, result]).toEqual(['harassment', 'verified'])
  expect((await desk.show(id))?.summary).toMatchObject({ consentFlags: 5, reporterProof: 'none' })
  expect((await desk.show(id, () => openingKey))?.evidence).toMatchObject({
    subject: alice,
    note: `note ${CANARY}`,
    messages: [{ texts: [`abusive ${CANARY}`] }],
  })
})

test('nothing that was sealed stands open in any file', async () => {
  const { desk, path, store } = await openDesk(record)
  await desk.receive(sealed({ note: CANARY, details: { signed: true, withMlsEvidence: true } }))
  await store[Symbol.asyncDispose]()
  const files = readdirSync(dirname(path)).map((name) => readFileSync(join(dirname(path), name)))
  for (const bytes of files)
    for (const secret of [CANARY, cathy, content.subarray(3, 19)])
      expect(bytes.includes(secret)).toBe(false)
})

test('a reporter whose key signs is proven, and known by it without being named', async () => {
  const { desk } = await openDesk(record)
  const exchange = sealed({ details: { signed: true } })
  const { id } = await desk.receive(exchange)
  expect((await desk.show(id))?.summary.reporterProof).toBe('proven')
  const again = await desk.receive(sealed({ details: { signed: true } }))
  expect(again).toMatchObject({ id, duplicate: true })
  // An unnamed report without a proof is somebody else's.
  expect(await desk.receive(sealed())).toMatchObject({ duplicate: false })
})

test.each<[string, Partial<ReportDeskOptions>, Partial<SealedInput>]>([
  ['of a leaf that the room never had', { hadLeaf: () => false }, {}],
  [
    'for another reporter than the one named',
    {},
    { named: true, reporter: 'mimi://c.example/u/eve' },
  ],
])('a proof %s proves nothing, and the report counts', async (_, options, change) => {
  const { desk } = await openDesk({ ...record, ...options })
  const { id, result } = await desk.receive(sealed({ details: { signed: true }, ...change }))
  expect(result).toBe('verified')
  expect((await desk.show(id))?.summary.reporterProof).toBe('not-proven')
})

test('a proof of another provider’s user proves nothing', async () => {
  const { desk } = await openDesk(record)
  const origin = { kind: 'peer', domain: parseProviderDomain('b.example') } as const
  const { id } = await desk.receive(sealed({ details: { signed: true } }, { origin }))
  expect((await desk.show(id))?.summary).toMatchObject({
    provider: 'b.example',
    reporterProof: 'not-proven',
  })
})

/** A message that Alice did send, with what Cathy's client keeps of it, and a frank of other content. */
function signedByAlice(said: string): FrankEvidence {
  const names = { senderUri: alice, roomUri: room }
  const composed = composeMessage(names, { body: textBody(said) }, randomBytes)
  const { applicationData, authenticatedData } = composed
  const received = ofCathy!.unprotect(ofAlice!.protect(applicationData, { authenticatedData }))
  const { signature, leaf, epoch } = received
  const mls = {
    content: received.content,
    signature,
    leafKey: leaf.signatureKey,
    groupContext: epoch.groupContext,
  }
  return { ...evidence(applicationData, textContent('other')), mls }
}

const withMls = { details: { withMlsEvidence: true } } as const

test('the sender’s own signature verifies what a frank no longer can', async () => {
  const { desk } = await openDesk(record)
  const messages = [signedByAlice('signed')] as const
  const { id, result } = await desk.receive(sealed({ messages, ...withMls }))
  expect(result).toBe('verified')
  const [check] = (await desk.show(id))?.checks ?? []
  expect(check).toMatchObject({ method: 'mls-signature', anomaly: 'frank-swap-suspected' })
  expect((await desk.receive(sealed({ messages: [signedByAlice('not shown')] }))).result).toBe(
    'unverifiable',
  )
})

test('a signature over other content, or of an unknown leaf, proves nothing', async () => {
  const { desk } = await openDesk(record)
  const [one, other] = [signedByAlice('one'), signedByAlice('other')]
  const crossed = [{ ...one, mls: other.mls }] as const
  expect((await desk.receive(sealed({ messages: crossed, ...withMls }))).result).toBe(
    'unverifiable',
  )
  const stranger = await openDesk({ facts: {} })
  expect((await stranger.desk.receive(sealed({ messages: [one], ...withMls }))).result).toBe(
    'unverifiable',
  )
})

test('the machine proof of a message has what was checked and no content', async () => {
  const { desk } = await openDesk(record)
  const { id } = await desk.receive(sealed({ messages: [signedByAlice(CANARY)], ...withMls }))
  const [check] = (await desk.show(id))?.checks ?? []
  const proof: unknown = JSON.parse(check?.proof ?? '')
  expect(proof).toMatchObject({
    schema: 1,
    messageId: check?.messageId,
    steps: [
      { check: 'hub-mac', outcome: 'failed' },
      { check: 'hub-signature', outcome: 'passed' },
      { check: 'suite', outcome: 'passed' },
      { check: 'time', outcome: 'passed' },
      { check: 'participant', outcome: 'not-made' },
      { check: 'relay-log', outcome: 'not-made' },
      { check: 'mls-signature', outcome: 'passed' },
    ],
    mls: { epoch: 1, leafIndex: 0 },
  })
  expect(check?.proof).not.toContain(CANARY)
  expect(check?.proof).not.toContain(alice)
})

test('sealed for another room or to another key it is refused, and nothing is kept', async () => {
  const { desk } = await openDesk({ ...record, room: () => undefined })
  const elsewhere = sealed({}, { room: reportExchange({}).room })
  const moved = { ...elsewhere, room: 'mimi://hub.example/r/other' as typeof elsewhere.room }
  await expect(desk.receive(moved)).rejects.toMatchObject({
    code: 'report-invalid',
    facts: { reason: 'does-not-open' },
  })
  const foreign = { kid: 'key-2', x: randomBytes(32).toString('base64url') }
  await expect(desk.receive(sealed({ details: { key: foreign } }))).rejects.toMatchObject({
    facts: { reason: 'unknown-key' },
  })
  expect(desk.list()).toEqual([])
})

test('messages that stand both open and sealed are refused', async () => {
  const { desk } = await openDesk(record)
  const exchange = sealed()
  const outer = decode(abuseReportCodec, exchange.bytes)
  const bytes = encode(abuseReportCodec, { ...outer, note: Buffer.from('open') })
  await expect(desk.receive({ ...exchange, bytes })).rejects.toMatchObject({
    code: 'report-invalid',
    facts: { reason: 'messages-twice' },
  })
})
