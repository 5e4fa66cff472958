import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import type { FrankEvidence } from '../../../src/client/mimi/franked-message.ts'
import type { ReportKey } from '../../../src/client/mimi/sealed-report.ts'
import { loadKeys } from '../../../src/keys/key-files.ts'
import { rawKey } from '../../../src/reports/sealing.ts'
import { createPublicKey } from 'node:crypto'
import { message, useClubhouse } from '../../support/clubhouse.ts'
import { rows } from '../../support/gateway-calls.ts'

// Bob of b.example reports Cathy of c.example to the hub a.example, sealed to it.
const clubhouse = useClubhouse()
let room: string
let key: ReportKey

const provider = (domain: string) => clubhouse().federation.provider(domain)

beforeAll(async () => {
  room = await clubhouse().room()
  const keys = await loadKeys(join(provider('a.example').directory, 'keys'), Date.now)
  const active = keys.active('report-sealing')
  key = { kid: active.id, x: rawKey(createPublicKey(active.key)).toString('base64url') }
}, 30_000)

async function evidenceOf(text: string): Promise<FrankEvidence> {
  const { bob, cathy } = clubhouse()
  await cathy.sendText(room, text)
  const { evidence } = await message(bob, text)
  if (evidence === undefined) throw new Error('no evidence')
  return evidence
}

const newest = () =>
  rows(
    provider('a.example'),
    'postern.sqlite',
  )(
    `SELECT reports.result, category, consent, reporter_proof, method, anomaly, gap FROM reports
     LEFT JOIN report_messages ON report = reports.id ORDER BY reports.id DESC, gap LIMIT 1`,
  )[0]

test('a client seals a report to the hub, signs it, and gets a receipt of the hub', async () => {
  const { bob } = clubhouse()
  const messages = [await evidenceOf('sealed threat')] as const
  const sealed = {
    key,
    category: 'violence.threats',
    consent: { forward: true },
    signed: true,
    withMlsEvidence: true,
  }
  const receipt = await bob.report(room, messages, { sealed, note: 'please look' })
  expect(receipt).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
  expect(newest()).toEqual({
    result: 'verified',
    category: 'violence.threats',
    consent: 1,
    reporter_proof: 'proven',
    method: 'frank',
    anomaly: null,
    gap: null,
  })
})

test('the sender’s signature counts where frank and relay log say nothing', async () => {
  const { bob } = clubhouse()
  const evidence = await evidenceOf('evidence of MLS')
  const frank = { ...evidence.frank, frankingIntegritySignature: Buffer.alloc(64, 1) }
  const sealed = { key, category: 'harassment', withMlsEvidence: true }
  await bob.report(room, [{ ...evidence, frank }], { sealed })
  // The relay log speaks first.
  expect(newest()).toMatchObject({ result: 'verified', method: 'relay-log' })
})

test('messages between two reported ones are counted', async () => {
  const { bob } = clubhouse()
  const [first, , , fourth] = [
    await evidenceOf('first'),
    await evidenceOf('second'),
    await evidenceOf('third'),
    await evidenceOf('fourth'),
  ]
  await bob.report(room, [fourth, first], { sealed: { key, category: 'harassment' } })
  const gaps = rows(
    provider('a.example'),
    'postern.sqlite',
  )('SELECT gap FROM report_messages WHERE report = (SELECT max(id) FROM reports) ORDER BY gap')
  expect(gaps).toEqual([{ gap: null }, { gap: 2 }])
})

test('a swapped frank is charged to the follower that handed the message in', async () => {
  const { bob } = clubhouse()
  const [one, other] = [await evidenceOf('swapped'), await evidenceOf('its frank')]
  const { frank, acceptedTimestamp } = other
  const swapped = [{ ...one, frank, acceptedTimestamp }] as const
  await bob.report(room, swapped)
  await bob.report(room, swapped)
  const charged = rows(
    provider('a.example'),
    'postern.sqlite',
  )('SELECT provider, anomaly, count FROM report_path_anomalies')
  expect(charged).toEqual([
    { provider: 'b.example', anomaly: 'frank-swapped-in-transit', count: 1 },
  ])
})
