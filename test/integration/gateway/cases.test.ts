import { createPublicKey } from 'node:crypto'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import type { FrankEvidence } from '../../../src/client/mimi/franked-message.ts'
import type { ReportKey } from '../../../src/client/mimi/sealed-report.ts'
import { loadKeys } from '../../../src/keys/key-files.ts'
import { rawKey } from '../../../src/reports/sealing.ts'
import { message, useClubhouse } from '../../support/clubhouse.ts'
import { callInternal, rows } from '../../support/gateway-calls.ts'
import { runCli } from '../../support/run-cli.ts'

// Bob of b.example reports to the hub a.example what Cathy of c.example has said.
const moderation = {
  team: [{ name: 'ann' }, { name: 'bob' }, { name: 'cid', roles: ['appeals'] }],
}
const clubhouse = useClubhouse({ providers: { 'a.example': { extra: { moderation } } } })
let room: string

beforeAll(async () => {
  room = await clubhouse().room()
}, 60_000)

const hub = () => clubhouse().federation.provider('a.example')

/** `postern <args> --json` at the hub. */
async function postern(...args: string[]): Promise<unknown> {
  const socket = hub().config().listeners.admin.socket
  const { exitCode, stdout, stderr } = await runCli([...args, '--json', '--socket', socket])
  if (exitCode !== 0) throw new Error(stderr.trim())
  return JSON.parse(stdout)
}

/** What Bob has of a message of Cathy. */
async function evidenceOf(text: string, uri: string): Promise<FrankEvidence> {
  const { bob, cathy } = clubhouse()
  await cathy.sendText(uri, text)
  const { evidence } = await message(bob, text)
  if (evidence === undefined) throw new Error('no evidence')
  return evidence
}

/** Cathy says something and Bob reports it. */
async function reported(text: string, uri = room): Promise<void> {
  const evidence = await evidenceOf(text, uri)
  await clubhouse().bob.report(uri, [evidence], { note: '<b>please</b> look' })
}

/** The key that reports to the hub are sealed to. */
async function sealingKey(): Promise<ReportKey> {
  const { id, key } = (await loadKeys(join(hub().directory, 'keys'), Date.now)).active(
    'report-sealing',
  )
  return { kid: id, x: rawKey(createPublicKey(key)).toString('base64url') }
}

async function statusOf(receipt = ''): Promise<unknown> {
  const { bytes } = await callInternal(hub(), `/internal/v1/reports/${receipt}`)
  return JSON.parse(bytes.toString())
}

interface Sanctions {
  readonly sanctions: readonly {
    readonly sanction: { readonly kind: string }
    readonly state: string
  }[]
}

interface Listed {
  readonly cases: readonly {
    readonly id: string
    readonly subject: string
    readonly room: string
  }[]
}

test('a report of a real message is a case at the hub, and survives a restart', async () => {
  await reported('insult')
  await reported('another insult')
  const { cases } = (await postern('cases', 'list', '--as', 'ann')) as Listed
  const own = cases.filter((each) => each.room === room)
  expect(own).toMatchObject([{ reports: 2, verified: 2, reporters: 1, phase: 'open' }])
  const id = own[0]?.id ?? ''
  await postern('cases', 'claim', id, '--as', 'ann')
  const shown = await postern('cases', 'show', id, '--as', 'ann', '--mfa', '--evidence')
  expect(shown).toMatchObject({
    evidence: { note: '<b>please</b> look', messages: [{ texts: ['another insult'] }] },
  })
  expect(hub().log()).toContain('report.opened')
  expect(hub().log()).not.toContain('insult')
  await hub().stop()
  await hub().start()
  const after = await postern('cases', 'show', id, '--as', 'bob')
  expect(after).toMatchObject({ case: { phase: 'claimed', holder: 'ann' } })
  const kept = JSON.stringify(rows(hub(), 'postern.sqlite')('SELECT body FROM case_events'))
  expect(kept).not.toContain('insult')
})

test('what a client sealed is shown to the holder of its case, and its receipt tells how far it is', async () => {
  const own = await clubhouse().room()
  const evidence = await evidenceOf('sealed insult', own)
  const sealed = { key: await sealingKey(), category: 'harassment', signed: true }
  const receipt = await clubhouse().bob.report(own, [evidence], { sealed, note: 'sealed note' })
  expect(await statusOf(receipt)).toEqual({ status: 'received' })
  const { cases } = (await postern('cases', 'list', '--as', 'ann')) as Listed
  const id = cases.find((each) => each.room === own)?.id ?? ''
  await postern('cases', 'claim', id, '--as', 'ann')
  expect(await statusOf(receipt)).toEqual({ status: 'under_review' })
  const shown = await postern('cases', 'show', id, '--as', 'ann', '--mfa', '--evidence')
  expect(shown).toMatchObject({
    case: { queue: 'harassment' },
    evidence: { note: 'sealed note', messages: [{ texts: ['sealed insult'] }] },
  })
  const form = ['--outcome', 'no-action', '--category', 'harassment', '--facts', 'A joke.']
  await postern('cases', 'decide', id, '--as', 'ann', '--mfa', ...form)
  expect(await statusOf(receipt)).toEqual({ status: 'decided:no_action' })
})

test('a ban that two people decide is in force at once, and an appeal lifts it', async () => {
  const { cathy } = clubhouse()
  const own = await clubhouse().room()
  await reported('threat', own)
  const { cases } = (await postern('cases', 'list', '--as', 'ann')) as Listed
  const found = cases.find((each) => each.room === own)
  const [id = '', subject = ''] = [found?.id, found?.subject]
  await postern('cases', 'claim', id, '--as', 'ann')
  const form = ['--outcome', 'action', '--category', 'violence.threats', '--facts', 'A threat.']
  const ground = ['--terms', 'Section 2', '--why', 'No threats.']
  await postern('cases', 'decide', id, '--as', 'ann', '--mfa', ...form, ...ground, '--ban')
  expect((await cathy.sendText(own, 'still here')).kind).toBe('accepted')
  const approved = await postern('cases', 'approve', id, '--as', 'bob', '--mfa')
  expect(approved).toMatchObject({
    case: { phase: 'decided' },
    sanctions: [{ kind: 'ban', emission: 'applied' }, { kind: 'notify' }],
  })
  expect(await cathy.sendText(own, 'not any more')).toEqual({ kind: 'not-allowed' })
  const filed = await postern('appeals', 'file', id, '--from', subject)
  const { id: appeal } = filed as { readonly id: string }
  const verdict = ['--reverse', '--reasons', 'It was a quotation.', '--mfa']
  await expect(postern('appeals', 'decide', appeal, '--as', 'bob', ...verdict)).rejects.toThrow(
    'moderation-denied',
  )
  await postern('appeals', 'decide', appeal, '--as', 'cid', ...verdict)
  const reversed = await postern('cases', 'show', id, '--as', 'ann')
  expect(reversed).toMatchObject({
    case: { phase: 'closed', outcome: 'reversed' },
    sanctions: [{ kind: 'ban', emission: 'undone' }, { kind: 'notify' }],
  })
  const { sanctions } = (await postern('sanctions', 'list', '--room', own)) as Sanctions
  const kinds = sanctions.map(({ sanction, state }) => [sanction.kind, state])
  expect(kinds).toContainEqual(['ban', 'undone'])
  expect(kinds.map(([kind]) => kind)).toContain('unban')
}, 60_000)

test('a reload changes the team', async () => {
  await expect(postern('cases', 'list', '--as', 'dan')).rejects.toThrow('moderator-unknown')
  await hub().gateway.reload(hub().config({ moderation: { team: [{ name: 'dan' }] } }))
  await expect(postern('cases', 'list', '--as', 'dan')).resolves.toHaveProperty('cases')
  await expect(postern('cases', 'list', '--as', 'ann')).rejects.toThrow('moderator-unknown')
  await hub().gateway.reload(hub().config())
})
