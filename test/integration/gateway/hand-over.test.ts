import { createPublicKey } from 'node:crypto'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { loadKeys } from '../../../src/keys/key-files.ts'
import { rawKey } from '../../../src/reports/sealing.ts'
import { message, useClubhouse } from '../../support/clubhouse.ts'
import { rows, until } from '../../support/gateway-calls.ts'
import { runCli } from '../../support/run-cli.ts'

// Bob of b.example reports to the hub a.example what Cathy of c.example has said; Lex of the hub's team
// gives it to authorities.
const moderation = {
  team: [
    { name: 'ann', roles: ['moderator', 'child-safety'] },
    { name: 'lex', roles: ['legal'], accounts: ['mimi://b.example/u/lex'] },
  ],
}
const clubhouse = useClubhouse({ providers: { 'a.example': { extra: { moderation } } } })
let room: string

beforeAll(async () => {
  room = await clubhouse().room()
}, 60_000)

const hub = () => clubhouse().federation.provider('a.example')

function postern(...args: string[]) {
  return runCli([...args, '--socket', hub().config().listeners.admin.socket])
}

async function asJson(...args: string[]): Promise<unknown> {
  const { exitCode, stdout, stderr } = await postern(...args, '--json')
  if (exitCode !== 0) throw new Error(stderr.trim())
  return JSON.parse(stdout)
}

/** Cathy says something and Bob reports it; the id of the report. */
async function reported(text: string, category: string, consent = {}): Promise<string> {
  const { bob, cathy } = clubhouse()
  await cathy.sendText(room, text)
  const { evidence } = await message(bob, text)
  if (evidence === undefined) throw new Error('no evidence')
  const keys = await loadKeys(join(hub().directory, 'keys'), Date.now)
  const { id: kid, key } = keys.active('report-sealing')
  const published = { kid, x: rawKey(createPublicKey(key)).toString('base64url') }
  const sealed = { key: published, category, consent, signed: true }
  await bob.report(room, [evidence], { sealed, note: 'note-canary', named: true })
  const { reports } = (await asJson('reports', 'list')) as {
    readonly reports: readonly { readonly id: string }[]
  }
  return reports[0]?.id ?? ''
}

const handOver = (
  [report, authority, basis]: readonly [report: string, authority: string, basis: string],
  ...who: string[]
) => postern('reports', 'hand-over', report, '--authority', authority, '--basis', basis, ...who)
const lex = ['--as', 'lex', '--mfa']

test('by an order an authority gets a report, from legal alone, and it is recorded first', async () => {
  const report = await reported('threat-canary', 'violence.threats')
  const order = 'AG Musterstadt 12 Gs 34/26'
  const to = (...who: string[]) => handOver([report, 'police', order], ...who)
  expect((await to('--as', 'ann', '--mfa')).stderr).toContain('moderation-denied')
  expect((await to('--as', 'lex')).stderr).toContain('moderation-denied')
  expect((await to('--as', 'eve', '--mfa')).stderr).toContain('moderator-unknown')
  expect(
    JSON.stringify(await asJson('cases', 'list', '--as', 'lex', '--disclosures')),
  ).not.toContain(report)
  const { stdout, stderr } = await to(...lex)
  expect(stderr).toBe('')
  const handed = JSON.parse(stdout) as { readonly policies: readonly string[] }
  expect(handed).toMatchObject({
    schema: 1,
    report,
    authority: 'police',
    basis: order,
    hub: 'a.example',
    policies: ['r6-legal-order'],
    by: 'lex',
    room,
    category: 'violence.threats',
    messages: [{ number: 1, texts: ['threat-canary'], attachments: [] }],
    proofs: [{ result: 'verified' }],
  })
  expect(stdout).not.toMatch(/note-canary|b\.example/)
  const { disclosures } = (await asJson('cases', 'list', '--as', 'lex', '--disclosures')) as {
    readonly disclosures: readonly object[]
  }
  expect(disclosures).toContainEqual(
    expect.objectContaining({
      report,
      authority: 'police',
      basis: order,
      by: 'lex',
      policies: ['r6-legal-order'],
    }),
  )
  expect((await postern('cases', 'list', '--as', 'lex', '--disclosures')).stdout).toContain(
    `to police by lex: ${order} (r6-legal-order)`,
  )
  const events = rows(hub(), 'postern.sqlite')('SELECT kind, body FROM case_events')
  expect(events).toContainEqual(expect.objectContaining({ kind: 'disclosed' }))
  expect(JSON.stringify(events)).not.toContain('canary')
  expect(hub().log()).toContain('report.opened')
  expect(hub().log()).not.toMatch(/canary|Musterstadt/)
})

test('without an order only child safety goes, to its clearing house, once a person has confirmed it', async () => {
  const report = await reported('grooming', 'child.grooming', { disclose: true })
  const denied = async (authority: string) =>
    expect((await handOver([report, authority, 'confirmed'], ...lex)).stderr).toContain(
      'moderation-denied',
    )
  await denied('ncmec')
  await decided('child.grooming')
  await denied('police')
  const { stdout } = await handOver([report, 'ncmec', 'confirmed'], ...lex)
  expect(JSON.parse(stdout)).toMatchObject({
    policies: ['r6-child-safety'],
    // Whoever reported chose to be named.
    reporter: { uri: expect.stringMatching(/^mimi:\/\/b\.example\/u\//), note: 'note-canary' },
  })
})

/** The case that waits, as soon as the report has joined it: others about Cathy join the same. */
async function waiting(): Promise<string> {
  let id: string | undefined
  await until(async () => {
    const { cases } = (await asJson('cases', 'list', '--as', 'ann')) as {
      readonly cases: readonly { readonly id: string; readonly phase: string }[]
    }
    id = cases.find(({ phase }) => phase === 'open')?.id
    return id !== undefined
  })
  return id ?? ''
}

async function decided(category: string): Promise<void> {
  const id = await waiting()
  await asJson('cases', 'claim', id, '--as', 'ann')
  const form = ['--outcome', 'action', '--category', category, '--facts', 'As it was found.']
  const ground = ['--terms', '1', '--why', 'Never.', '--limit', '10:7']
  await asJson('cases', 'decide', id, '--as', 'ann', '--mfa', ...form, ...ground)
}

test('what was reported as child safety and found to be spam does not go', async () => {
  const report = await reported('an offer', 'child.csam')
  await decided('spam')
  const { stderr } = await handOver([report, 'ncmec', 'confirmed'], ...lex)
  expect(stderr).toContain('moderation-denied')
})

test('what was reported as an insult and found to be grooming goes as that', async () => {
  const report = await reported('how old are you', 'harassment')
  await decided('child.grooming')
  const { stdout } = await handOver([report, 'ncmec', 'confirmed'], ...lex)
  expect(JSON.parse(stdout)).toMatchObject({
    category: 'child.grooming',
    policies: ['r6-child-safety'],
  })
})

test.each<[string, [string, string, string], string]>([
  ['no report', ['rep-nothing', 'police', 'an order'], 'not-found'],
  ['nobody in particular', ['rep-nothing', 'neighbour', 'an order'], 'expected an --authority'],
  ['no ground', ['rep-nothing', 'police', ''], 'malformed-request'],
  ['a ground with a line break', ['rep-nothing', 'police', 'an\norder'], 'malformed-request'],
  ['a ground that is a letter', ['rep-nothing', 'police', 'x'.repeat(201)], 'malformed-request'],
])('hand-over of %s is refused with a code', async (_, args, expected) => {
  expect((await handOver(args, ...lex)).stderr).toContain(expected)
})
