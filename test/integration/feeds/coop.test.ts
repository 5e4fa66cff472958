import { createSecretKey } from 'node:crypto'
import { expect, test } from 'vitest'
import { coopReceiver, isForCoop, type CoopOptions } from '../../../src/feeds/coop.ts'
import type { FeedSpec } from '../../../src/feeds/feed.ts'
import { encode } from '../../../src/wire/codec.ts'
import {
  reportExtensionCodec,
  reportExtensionComponent,
} from '../../../src/wire/mimi/report-extension.ts'
import { alice, room, textContent } from '../../support/franking.ts'
import { toldCases, type ToldCases } from '../../support/feeds.ts'
import { outsideServer, type OutsideServer } from '../../support/outside-server.ts'
import { abusive, openingKey, reportExchange } from '../../support/reports.ts'
import { vectorJson } from '../../support/vectors.ts'

const INSULT = 'canary-an-insult'
const NOTE = 'canary-a-note'
const handed: string[] = []

function coop(
  { url }: { readonly url: string },
  cases: () => ToldCases,
  change: Partial<CoopOptions> = {},
): FeedSpec {
  return {
    name: 'coop',
    kind: 'coop',
    wants: isForCoop,
    receiver: coopReceiver({
      url: `${url}/api/v1/report`,
      privateAddress: true,
      apiKey: 'an-api-key',
      itemType: 'mimi-message',
      reporterType: 'reporter-handle',
      caseUrl: 'https://console.hub.example/cases/',
      content: 'never',
      reports: { show: (id, keys) => cases().reports.show(id, keys) },
      keys: () => openingKey,
      onOpened: (id) => void handed.push(id),
      handleKey: createSecretKey(Buffer.alloc(32, 5)),
      clock: Date.now,
      ...change,
    }),
  }
}

async function coopCases(server: OutsideServer, change: Partial<CoopOptions> = {}) {
  let opened: ToldCases | undefined
  const cases = await toldCases([
    coop(
      server,
      () => {
        if (opened === undefined) throw new Error('not open yet')
        return opened
      },
      change,
    ),
  ])
  opened = cases
  return cases
}

/** A verified report, joined to its case. */
async function report(
  cases: ToldCases,
  {
    text = INSULT,
    consentFlags = 0,
    code = 'harassment.targeted',
  }: { text?: string; consentFlags?: number; code?: string } = {},
) {
  const extension = {
    code,
    consentFlags,
    reporterProof: Buffer.alloc(0),
    sealedMessages: Buffer.alloc(0),
    mlsEvidence: Buffer.alloc(0),
  }
  const data = encode(reportExtensionCodec, extension)
  const receipt = await cases.reports.receive(
    reportExchange({
      note: Buffer.from(NOTE),
      messages: [abusive(textContent(text))],
      abuseExtensions: { componentData: [{ componentId: reportExtensionComponent, data }] },
    }),
  )
  expect(receipt.result).toBe('verified')
  return { report: receipt.id, case: await cases.desk.join(receipt.id) }
}

/** Which of the reports that came show what was said. */
function shown({ received }: OutsideServer): readonly boolean[] {
  return received.map(({ body }) => body.includes(INSULT))
}

/** The members of an object and of those in it, with the types of their values. */
function shapeOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]))
}

const mapping = vectorJson('reports/coop/adapter-mapping.json') as { request: object } | undefined

test.skipIf(mapping === undefined)(
  'a verified report arrives in the form of the mapping',
  async () => {
    const server = await outsideServer({ answer: { reportId: 'a-report-of-coop' } })
    const cases = await coopCases(server)
    const { case: id } = await report(cases)
    await cases.feeds.pump()
    const [received] = server.received
    expect(received).toMatchObject({ method: 'POST', path: '/api/v1/report' })
    expect(received?.headers['x-api-key']).toBe('an-api-key')
    expect(shapeOf(received?.json)).toEqual(shapeOf(mapping?.request))
    expect(received?.json).toMatchObject({
      reporter: { kind: 'user', typeId: 'reporter-handle' },
      reportedAt: expect.stringMatching(/:00:00\.000Z$/),
      reportedForReason: { policyId: 'harassment.targeted', csam: false },
      reportedItem: {
        id: expect.stringMatching(/^01[0-9a-f]{62}$/),
        typeId: 'mimi-message',
        data: { verification: 'frank', evidence_link: `https://console.hub.example/cases/${id}` },
      },
    })
    expect(cases.feeds.list()).toMatchObject([{ number: 1, waiting: 0, deadLetters: 0 }])
  },
)

test('without leave nothing that anybody wrote or is called goes along', async () => {
  const server = await outsideServer()
  const cases = await coopCases(server)
  const { report: id } = await report(cases, { consentFlags: 2 })
  await cases.feeds.pump()
  const [{ body } = { body: '' }] = server.received
  for (const secret of [INSULT, NOTE, alice, room, 'cathy', 'c.example', id])
    expect(body).not.toContain(secret)
  expect(handed).not.toContain(id)
})

test('each report has a reporter of its own, and a subject keeps its handle', async () => {
  const server = await outsideServer()
  const cases = await coopCases(server)
  await report(cases)
  await report(cases, { text: 'another insult' })
  await cases.feeds.pump()
  const [one, other] = server.received.map(({ json }) => JSON.parse(JSON.stringify(json)))
  expect(one.reporter.id).toMatch(/^hmac:[0-9a-f]{32}$/)
  expect(other.reporter.id).not.toBe(one.reporter.id)
  expect(other.reportedItem.data.subject).toBe(one.reportedItem.data.subject)
})

test('with leave the text goes along where the reporter agreed, or always; never of child safety', async () => {
  const [consented, always] = [await outsideServer(), await outsideServer()]
  for (const [server, content] of [
    [consented, 'consented'],
    [always, 'always'],
  ] as const) {
    const cases = await coopCases(server, { content })
    const { report: plain } = await report(cases)
    const { report: agreed } = await report(cases, { text: `${INSULT} again`, consentFlags: 2 })
    await report(cases, {
      text: `${INSULT} to a child`,
      consentFlags: 2,
      code: 'child.grooming',
    })
    await cases.feeds.pump()
    expect(handed.includes(plain)).toBe(content === 'always')
    expect(handed).toContain(agreed)
  }
  expect(shown(consented)).toEqual([false, true, false])
  expect(shown(always)).toEqual([true, true, false])
  const all = [...consented.received, ...always.received].map(({ body }) => body).join()
  expect(all).not.toContain(NOTE)
  expect(all).not.toContain('cathy')
})

test('what is not verified does not go there', async () => {
  const server = await outsideServer()
  const cases = await coopCases(server)
  const forged = abusive(textContent(INSULT), textContent('something else'))
  const { id } = await cases.reports.receive(reportExchange({ messages: [forged] }))
  await cases.desk.join(id)
  await cases.feeds.pump()
  expect(server.received).toEqual([])
  expect(cases.feeds.list()).toMatchObject([{ number: 0, waiting: 0 }])
})

test('a report that Coop does not take is listed with its status', async () => {
  const server = await outsideServer()
  server.reactions.push(400)
  const cases = await coopCases(server)
  await report(cases)
  await cases.feeds.pump()
  expect(cases.feeds.deadLetters('coop', 10)).toMatchObject([
    { happening: { number: 1, name: 'report.received' }, reason: 'rejected', status: 400 },
  ])
  await expect(cases.feeds.test('coop')).rejects.toMatchObject({ code: 'malformed-request' })
})

test('a report that was deleted meanwhile is not handed over', async () => {
  const server = await outsideServer()
  const cases = await coopCases(server)
  const { report: id } = await report(cases)
  await cases.store.write('DELETE FROM reports WHERE id = ?', [id])
  await cases.feeds.pump()
  expect(server.received).toEqual([])
  expect(cases.feeds.list()).toMatchObject([{ number: 1, waiting: 0, deadLetters: 0 }])
})
