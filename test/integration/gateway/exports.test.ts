import { createPublicKey } from 'node:crypto'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import type { ReportKey } from '../../../src/client/mimi/sealed-report.ts'
import { loadKeys } from '../../../src/keys/key-files.ts'
import { rawKey } from '../../../src/reports/sealing.ts'
import { message, useClubhouse } from '../../support/clubhouse.ts'
import { rows } from '../../support/gateway-calls.ts'
import { readMail } from '../../support/read-mail.ts'
import { runCli } from '../../support/run-cli.ts'
import { until } from '../../support/until.ts'

// Bob of b.example reports to the hub a.example what Cathy of c.example has said.
const moderation = {
  team: [{ name: 'marguerite', roles: ['moderator', 'legal'], languages: [] }],
  secondPerson: [],
  abuseDesk: { organisation: 'a.example trust and safety', mail: 'abuse@a.example' },
  dsa: { rooms: 'all', territories: ['AT', 'DE'], language: 'DE' },
}
const clubhouse = useClubhouse({ providers: { 'a.example': { extra: { moderation } } } })
const canary = {
  text: 'canary-text-buy-now',
  note: 'canary-note-he-sells',
  facts: 'canary-facts',
  why: 'canary-why',
}
let decided: { readonly id: string; readonly subject: string; readonly room: string }

const hub = () => clubhouse().federation.provider('a.example')

/** Rows of the hub's store, each with a word that the test looks at. */
function kept(sql: string) {
  return rows(hub(), 'postern.sqlite')(sql) as readonly { readonly word: string }[]
}

/** What the journal says of exports. */
function journal() {
  return kept("SELECT outcome AS word, * FROM events WHERE kind = 'export.made'")
}

async function postern(...args: string[]) {
  const { socket } = hub().config().listeners.admin
  const result = await runCli([...args, '--as', 'marguerite', '--mfa', '--socket', socket])
  if (result.exitCode !== 0) throw new Error(result.stderr.trim())
  return result.stdout
}

async function sealingKey(): Promise<ReportKey> {
  const keys = await loadKeys(join(hub().directory, 'keys'), Date.now)
  const { id, key } = keys.active('report-sealing')
  return { kid: id, x: rawKey(createPublicKey(key)).toString('base64url') }
}

beforeAll(async () => {
  const { bob, cathy } = clubhouse()
  const room = await clubhouse().room()
  await cathy.sendText(room, canary.text)
  const { evidence } = await message(bob, canary.text)
  if (evidence === undefined) throw new Error('no evidence')
  const sealed = { key: await sealingKey(), category: 'spam', consent: { forward: true } }
  await bob.report(room, [evidence], { sealed, note: canary.note })
  const { cases } = JSON.parse(await postern('cases', 'list', '--json'))
  const [{ id, subject }] = cases
  await postern('cases', 'claim', id)
  const form = ['--outcome', 'action', '--category', 'spam', '--facts', canary.facts, '--ban']
  await postern('cases', 'decide', id, ...form, '--terms', 'Section 7', '--why', canary.why)
  decided = { id, subject, room }
}, 60_000)

test('a real decision leaves as a statement of reasons, as XARF and as a mail', async () => {
  const { id, subject } = decided
  const dsa = JSON.parse(await postern('reports', 'export', 'dsa'))
  expect(dsa).toMatchObject({
    statements: [
      {
        decision_provision: 'DECISION_PROVISION_PARTIAL_TERMINATION',
        incompatible_content_ground: 'Section 7',
        decision_facts: expect.stringContaining('verified cryptographically'),
        content_date: new Date().toISOString().slice(0, 10),
      },
    ],
  })
  const xarf = JSON.parse(await postern('reports', 'export', 'xarf', id))
  expect(xarf).toMatchObject({ type: 'spam', source_identifier: subject, confidence: 1 })
  const mail = readMail(await postern('reports', 'export', 'arf', id))
  expect(mail.headers['to']).toBe('<abuse@c.example>')
  const json = Buffer.from(mail.parts[2]?.body ?? '', 'base64').toString()
  expect(JSON.parse(json)).toEqual(xarf)
})

test('no export holds what was said, what was written about it, who reported and where', async () => {
  const { id, subject, room } = decided
  const { bob, cathy } = clubhouse()
  const month = new Date(Date.now() - 32 * 86_400_000).toISOString().slice(0, 7)
  const mail = await postern('reports', 'export', 'arf', id)
  const exports = [
    await postern('reports', 'export', 'dsa'),
    await postern('reports', 'export', 'xarf', id),
    mail,
    ...readMail(mail).parts.map(({ body }) => Buffer.from(body, 'base64').toString()),
    await postern('reports', 'transparency', '--from', month, '--to', month),
    JSON.stringify(kept('SELECT value AS word, * FROM monthly_counts')),
  ].map((text) => text.toLowerCase())
  const reporters = kept('SELECT reporter AS word FROM reports')
  const names = reporters.map(({ word }) => word)
  expect(names).toHaveLength(1)
  const secret = [...Object.values(canary), ...names, bob.user, cathy.user, room, 'marguerite']
  for (const word of secret)
    expect(exports.filter((text) => text.includes(word.toLowerCase()))).toEqual([])
  const naming = exports.map((text) => text.includes(subject.toLowerCase()))
  expect(naming).toEqual([false, true, true, false, false, true, false, false])
})

test('that it left is known to the case, the journal and the log, without what it said', async () => {
  const { id, subject } = decided
  await postern('reports', 'export', 'dsa')
  await postern('reports', 'export', 'xarf', id)
  const shown = JSON.parse(await postern('cases', 'show', id, '--json'))
  const left = shown.events.filter(({ kind }: { kind: string }) => kind === 'exported')
  expect(left.at(-1)).toMatchObject({
    format: 'xarf',
    by: 'marguerite',
    reference: expect.any(String),
  })
  // The journal is written behind the answer.
  await until(() => journal().some(({ word }) => word === 'xarf'))
  const events = journal()
  expect(events.map(({ word }) => word)).toEqual(expect.arrayContaining(['dsa', 'xarf']))
  expect(JSON.stringify(events)).not.toContain(subject)
  expect(hub().log()).toContain('export.made')
  expect(hub().log()).not.toContain(subject)
})

test('what happened is in the numbers of its month', () => {
  const counted = kept(`SELECT measure || ' ' || value AS word FROM monthly_counts
    WHERE dimension IN ('category', 'kind') ORDER BY measure, dimension`)
  expect(counted.map(({ word }) => word)).toEqual([
    'actions spam',
    'actions ban',
    'decisions spam',
    'reports spam',
  ])
})

test('a reload ends what the operator no longer says', async () => {
  const { dsa: _, ...others } = moderation
  await hub().gateway.reload(hub().config({ moderation: others }))
  await expect(postern('reports', 'export', 'dsa')).rejects.toThrow(
    'export-refused dsa-not-applicable',
  )
  await hub().gateway.reload(hub().config())
})
