import { createPublicKey } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import type { ReportKey } from '../../../src/client/mimi/sealed-report.ts'
import { loadKeys } from '../../../src/keys/key-files.ts'
import { rawKey } from '../../../src/reports/sealing.ts'
import { message, useClubhouse } from '../../support/clubhouse.ts'
import { until } from '../../support/gateway-calls.ts'
import { runCli } from '../../support/run-cli.ts'

// Bob of b.example reports to the hub a.example what Cathy of c.example has said, and lets her provider
// read it. The providers have signed agreements with each other.
const moderation = {
  team: [{ name: 'ann' }, { name: 'bob', queues: ['spam'] }],
  exposuresPerHour: 2,
}
const clubhouse = useClubhouse({
  providers: {
    'a.example': { extra: { moderation: { team: [{ name: 'hal' }] } } },
    'c.example': { extra: { moderation } },
  },
})
let room: string

beforeAll(async () => {
  room = await clubhouse().room()
}, 60_000)

const provider = (domain: string) => clubhouse().federation.provider(domain)

/** `postern <args>` at a provider. */
async function postern(domain: string, ...args: string[]) {
  const { socket } = provider(domain).config().listeners.admin
  return runCli([...args, '--socket', socket])
}

async function asJson(domain: string, ...args: string[]): Promise<unknown> {
  const { exitCode, stdout, stderr } = await postern(domain, ...args, '--json')
  if (exitCode !== 0) throw new Error(stderr.trim())
  return JSON.parse(stdout)
}

async function sealingKey(): Promise<ReportKey> {
  const keys = await loadKeys(join(provider('a.example').directory, 'keys'), Date.now)
  const { id, key } = keys.active('report-sealing')
  return { kid: id, x: rawKey(createPublicKey(key)).toString('base64url') }
}

interface Consent {
  readonly forward: boolean
  readonly evidence: boolean
}

/** Cathy says something, Bob reports it; the notice that c.example gets. */
async function noticeOf(text: string, consent: Consent, category = 'harassment'): Promise<string> {
  const { bob, cathy } = clubhouse()
  await cathy.sendText(room, text)
  const { evidence } = await message(bob, text)
  if (evidence === undefined) throw new Error('no evidence')
  const known = new Set((await listed()).map(({ id }) => id))
  const sealed = { key: await sealingKey(), category, consent, signed: true }
  await bob.report(room, [evidence], { sealed, note: 'note-canary' })
  const found = () => listed().then((all) => all.find(({ id }) => !known.has(id)))
  await until(async () => (await found()) !== undefined)
  return (await found())?.id ?? ''
}

async function listed() {
  const { received } = (await asJson('c.example', 'notices', 'list')) as {
    readonly received: readonly { readonly id: string }[]
  }
  return received
}

const both = { forward: true, evidence: true }

test('with both consents the messages reach the sender’s provider, whose own log verifies them', async () => {
  const id = await noticeOf('content-canary', both)
  const there = await asJson('c.example', 'notices', 'show', id)
  expect(there).toMatchObject({
    received: { hasEvidence: true, ownLogMatch: true },
    check: { kind: 'checked', messages: [{ result: 'verified', method: 'relay-log' }] },
    openings: [],
  })
  const here = await asJson('a.example', 'notices', 'show', id)
  expect(here).toMatchObject({
    sent: { policies: ['r3-sender-notice', 'r4-sender-evidence'], ownLogMatch: true },
  })
  expect((await postern('c.example', 'notices', 'show', id)).stdout).toMatch(
    /evidence: message [0-9a-f]{64} {2}verified by relay-log/,
  )
})

test('with one consent only the notice goes', async () => {
  const id = await noticeOf('not for you', { forward: true, evidence: false })
  const there = await asJson('c.example', 'notices', 'show', id)
  expect(there).toMatchObject({ received: { hasEvidence: false } })
  expect(there).not.toHaveProperty('check')
  expect(JSON.stringify(there)).not.toMatch(/franking_tags/)
})

test('its moderators open it by roles and budget, and each opening is logged first', async () => {
  const id = await noticeOf('look at this-canary', both)
  const show = (name: string, ...more: string[]) =>
    postern('c.example', 'notices', 'show', id, '--evidence', '--as', name, ...more)
  expect((await show('ann')).stderr).toContain('moderation-denied')
  expect((await show('bob', '--mfa')).stderr).toContain('moderation-denied')
  expect((await show('eve', '--mfa')).stderr).toContain('moderator-unknown')
  expect((await postern('c.example', 'notices', 'show', id, '--evidence')).exitCode).toBe(2)
  const opened = await show('ann', '--mfa')
  expect(opened.stdout).toContain('look at this-canary')
  expect(opened.stdout).not.toContain('note-canary')
  expect(opened.stdout).toMatch(/evidence opened by ann {2}\d{4}-/)
  const other = await noticeOf('and at this', both)
  const again = (notice: string) =>
    postern('c.example', 'notices', 'show', notice, '--evidence', '--as', 'ann', '--mfa')
  expect((await again(other)).exitCode).toBe(0)
  // Two exposures an hour.
  const third = await noticeOf('and at this too', both)
  expect((await again(third)).stderr).toContain('moderation-denied')
  expect(provider('c.example').log()).toContain('notice.opened')
})

test('neither gateway keeps or logs what was said, but sealed', () => {
  for (const domain of ['a.example', 'b.example', 'c.example']) {
    const { directory } = provider(domain)
    const files = readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.startsWith('reference-ds'))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    expect([domain, files.filter((text) => text.includes('-canary'))]).toEqual([domain, []])
    expect(provider(domain).log()).not.toContain('-canary')
  }
})

test('a restricted category goes by a decision, not by a report alone', async () => {
  const { bob, cathy } = clubhouse()
  const own = await clubhouse().room()
  await cathy.sendText(own, 'restricted')
  const { evidence } = await message(bob, 'restricted')
  if (evidence === undefined) throw new Error('no evidence')
  const before = await listed()
  const sealed = { key: await sealingKey(), category: 'adult.ncii', consent: both }
  await bob.report(own, [evidence], { sealed })
  expect(await sentCount()).toBe(before.length)
  const { cases } = (await asJson('a.example', 'cases', 'list', '--as', 'hal')) as {
    readonly cases: readonly { readonly id: string; readonly room: string }[]
  }
  const id = cases.find((each) => each.room === own)?.id ?? ''
  await decide(id)
  await until(async () => (await listed()).length > before.length)
  const [newest] = await listed()
  expect(await asJson('c.example', 'notices', 'show', newest?.id ?? '')).toMatchObject({
    received: { hasEvidence: true, ownLogMatch: true },
    check: { kind: 'checked', messages: [{ result: 'verified' }] },
  })
  expect(await asJson('a.example', 'notices', 'show', newest?.id ?? '')).toMatchObject({
    sent: { policies: expect.arrayContaining(['r4-sender-evidence']) },
  })
  await asJson('a.example', 'cases', 'undo', id, '--as', 'hal', '--mfa')
})

async function sentCount(): Promise<number> {
  const { sent } = (await asJson('a.example', 'notices', 'list')) as {
    readonly sent: readonly object[]
  }
  return sent.length
}

/** Hal of the hub finds that it is what was reported. */
async function decide(id: string): Promise<void> {
  await asJson('a.example', 'cases', 'claim', id, '--as', 'hal')
  const form = ['--outcome', 'action', '--category', 'adult.ncii', '--facts', 'A picture.']
  const ground = ['--terms', '2', '--why', 'Not hers.', '--limit', '10:7']
  await asJson('a.example', 'cases', 'decide', id, '--as', 'hal', '--mfa', ...form, ...ground)
}
