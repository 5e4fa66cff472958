import { beforeAll, describe, expect, test } from 'vitest'
import type { DemoResult } from '../../demo/run.ts'
import { demoDurationMsMax, rowName, runDemoAsJson } from '../support/demo.ts'

let demo: DemoResult

beforeAll(async () => {
  demo = await runDemoAsJson()
}, 2 * demoDurationMsMax)

test('every step goes well, in less than a minute', () => {
  expect(demo.steps.filter(({ ok }) => !ok)).toEqual([])
  expect(demo.steps).toHaveLength(28)
  expect(demo).toMatchObject({ ok: true })
  expect(demo.durationMs).toBeLessThan(demoDurationMsMax)
})

test('every operation crossed between the providers, and what they tell each other of abuse', () => {
  const crossed = demo.steps.flatMap(({ crossings }) => crossings)
  const operations = new Set(crossed.map(({ operation }) => operation))
  expect([...operations].toSorted()).toEqual([
    'answer',
    'groupInfo',
    'identifierQuery',
    'keyMaterial',
    'notice',
    'notify',
    'reportAbuse',
    'requestConsent',
    'retract',
    'strike',
    'submitMessage',
    'update',
    'updateConsent',
  ])
  expect(crossed.some(({ status }) => status === 429)).toBe(true)
})

test('every claim was checked on the recorded octets, or on all files, and holds', () => {
  expect(demo.claims.filter(({ ok }) => !ok)).toEqual([])
  expect(demo.claims.map(({ name }) => name)).toEqual([
    'no-follower-saw-a-sender',
    'hub-saw-pseudonyms-only',
    'one-pseudonym-one-room',
    'group-info-is-sealed',
    'messages-pass-unchanged',
    'relayed-through-the-hub',
    'commits-pass-unchanged',
    'franks-everywhere',
    'times-in-buckets',
    'refused-goes-nowhere',
    'removed-gets-nothing',
    'requests-name-their-agreement',
    'two-suites-one-agreement',
    'too-much-gets-nothing',
    'notices-name-no-reporter',
    'no-reported-word-on-any-disk',
  ])
})

const pseudonymous = 'moderated-pseudonyms'

describe('the table', () => {
  test.each([
    [pseudonymous, 'submitMessage', 'a.example hub', 'sender.user', 'pseudonym-room'],
    [pseudonymous, 'submitMessage', 'a.example hub', 'sender.network', 'absent'],
    [pseudonymous, 'notify: application', 'b.example follower', 'sender.user', 'absent'],
    [pseudonymous, 'notify: application', 'c.example follower', 'sender.user', 'absent'],
    [pseudonymous, 'notify: application', 'c.example follower', 'message.size', 'bucket'],
    [pseudonymous, 'notify: application', 'c.example follower', 'message.time (stamp)', 'bucket'],
    [pseudonymous, 'groupInfo', 'c.example follower', 'participants.list', 'absent'],
    [pseudonymous, 'reportAbuse', 'a.example hub', 'report.reporter', 'absent'],
    ['outside rooms', 'notice', 'c.example target', 'report.subject', 'pseudonym-room'],
    ['outside rooms', 'notice', 'c.example target', 'report.reporter', 'absent'],
    ['outside rooms', 'notice', 'c.example target', 'report.evidence', 'absent'],
    ['outside rooms', 'strike', 'e.example target', 'report.subject', 'pseudonym-epoch'],
    ['identified', 'submitMessage', 'a.example hub', 'sender.user', 'exact'],
    ['identified', 'notify: application', 'c.example follower', 'sender.user', 'absent'],
    ['compliance', 'submitMessage', 'c.example hub', 'sender.user', 'exact'],
    ['compliance', 'update', 'c.example hub', 'participants.list', 'exact'],
    ['compliance', 'keyMaterial', 'c.example hub', 'sender.client (asked)', 'exact'],
    ['compliance', 'notify: application', 'b.example follower', 'sender.user', 'absent'],
  ])('%s, %s: %s sees %s as %s', (...row) => {
    expect(rowsOf(demo)).toContain(row.join(' | '))
  })

  test.each([
    ['keyMaterial', 'a.example hub', 'consent.edge (for whom)'],
    ['keyMaterial', 'a.example hub', 'consent.edge (user and pseudonym, linked)'],
    ['update', 'a.example hub', 'room.description'],
    ['reportAbuse', 'a.example hub', 'report.evidence'],
    ['notify: application', 'c.example follower', 'message.time (arrival)'],
  ])('does not flatter: %s shows %s exactly %s', (...row) => {
    expect(rowsOf(demo)).toContain([pseudonymous, ...row, 'exact'].join(' | '))
  })

  test.each([
    ['who commits', 'notify: commit', 'participants.changes (who commits)'],
    ['who comes', 'notify: commit', 'participants.changes (who comes)'],
    ['who goes', 'notify: commit', 'participants.changes (who goes)'],
    ['the roster beside a Welcome', 'notify: welcome', 'participants.list'],
  ])('does not flatter: a follower sees %s', (_, operation, field) => {
    const row = [pseudonymous, operation, 'b.example follower', field, 'pseudonym-room']
    expect(rowsOf(demo)).toContain(row.join(' | '))
  })

  test('does not flatter: commits in a compliance room name people to followers', () => {
    const named = ['compliance', 'notify: commit', 'b.example follower']
    for (const who of ['who commits', 'who comes'])
      expect(rowsOf(demo)).toContain(
        [...named, `participants.changes (${who})`, 'exact'].join(' | '),
      )
  })
})

test('what can be put together is said', () => {
  const said = demo.remarks.map(({ name, observer }) => `${observer} ${name}`)
  expect(said).toContain('a.example key-material-links-user-and-pseudonym')
  expect(said).toContain('b.example key-material-links-user-and-pseudonym')
  expect(said).toContain('c.example welcome-shows-roster')
})

function rowsOf({ table }: DemoResult): readonly string[] {
  return table.map((row) => `${rowName(row)} | ${row.form}`)
}
