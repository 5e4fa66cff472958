import { createSecretKey } from 'node:crypto'
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { FeedSpec } from '../../../src/feeds/feed.ts'
import { triageOf } from '../../../src/feeds/happenings.ts'
import { siemReceiver } from '../../../src/feeds/siem.ts'
import { keyedHandle } from '../../../src/reports/handles.ts'
import { jsonLines } from '../../../src/signals/json-lines.ts'
import { ann, bob, HOUR_MS } from '../../support/cases.ts'
import { alice, room, textContent } from '../../support/franking.ts'
import { lifeOf, toldCases } from '../../support/feeds.ts'
import { abusive, reportExchange } from '../../support/reports.ts'
import { tempDir } from '../../support/temp-dir.ts'

interface Line {
  readonly class_uid: number
  readonly message: string
  readonly metadata: { readonly sequence: number; readonly uid: string }
  readonly actor?: { readonly user: { readonly uid: string } }
  readonly resources?: readonly { readonly type: string; readonly uid: string }[]
}

const key = createSecretKey(Buffer.alloc(32, 5))
const handleOf = (member: string) => keyedHandle(key, ['moderator', member])

function siem(file: string): FeedSpec {
  const source = { provider: 'hub.example', version: '1.2.3', handleOf }
  return {
    name: 'siem',
    kind: 'siem',
    wants: (happening) => triageOf(happening).queue !== 'complaints',
    receiver: siemReceiver(jsonLines(file, { flush: true }), source),
  }
}

const linesOf = (file: string): Line[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)

test('what happens to cases is one line each, numbered without gap, complaints left out', async () => {
  const file = join(tempDir(), 'siem.jsonl')
  const cases = await toldCases([siem(file)])
  await lifeOf(cases)
  await cases.report({ category: 'system.provider', words: 'a complaint' })
  await lifeOf(cases, { subject: 'mimi://b.example/u/p2', words: 'more' })
  await cases.feeds.pump()
  const lines = linesOf(file)
  expect(lines.map(({ metadata }) => metadata.sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  expect(new Set(lines.map(({ metadata }) => metadata.uid)).size).toBe(8)
  expect(lines.map(({ message }) => message).slice(0, 4)).toEqual([
    'case.opened',
    'report.received',
    'case.claimed',
    'case.decided',
  ])
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const text = readFileSync(file, 'utf8')
  for (const secret of [alice, room, '"ann"', 'complaints', 'insult', 'handle-1'])
    expect(text).not.toContain(secret)
})

test('who opened evidence and who looked at reporters stands there by a handle', async () => {
  const file = join(tempDir(), 'siem.jsonl')
  const cases = await toldCases([siem(file)])
  const receipt = await cases.reports.receive(
    reportExchange({ messages: [abusive(textContent('an insult'))] }),
  )
  const id = (await cases.desk.join(receipt.id)) ?? ''
  await cases.desk.leases.claim(ann, id)
  await cases.desk.evidence(ann, { id, report: receipt.id })
  await cases.desk.reporters(bob, { id, purpose: 'a purpose of my own' })
  await cases.feeds.pump()
  const access = linesOf(file).filter(({ class_uid: uid }) => uid === 6_003)
  expect(access.map(({ message, actor }) => [message, actor?.user.uid])).toEqual([
    ['evidence.opened', handleOf('ann')],
    ['reporters.viewed', handleOf('bob')],
  ])
  expect(access[0]?.resources).toEqual([
    { type: 'case', uid: id },
    { type: 'report', uid: receipt.id },
  ])
  expect(readFileSync(file, 'utf8')).not.toContain('purpose of my own')
})

test('while the file cannot be written everything waits, then comes without gap', async () => {
  const directory = join(tempDir(), 'not-yet')
  const file = join(directory, 'siem.jsonl')
  const cases = await toldCases([siem(file)])
  await lifeOf(cases)
  await cases.feeds.pump()
  expect(cases.feeds.list()).toMatchObject([{ waiting: 4, failures: 1, fault: 'internal' }])
  expect(cases.faults).toHaveLength(1)
  mkdirSync(directory)
  await cases.later(HOUR_MS)
  expect(linesOf(file).map(({ metadata }) => metadata.sequence)).toEqual([1, 2, 3, 4])
  expect(cases.feeds.fine()).toBe(true)
})
