import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import type { OpenedReport, ReportToOpen } from '../../../src/reports/open-report.ts'
import {
  createVerifierPool,
  type VerifierPool,
  type VerifierPoolOptions,
} from '../../../src/reports/verifier-pool.ts'
import { picture, sealAttachment } from '../../support/attachments.ts'
import { alice, room, textContent } from '../../support/franking.ts'
import { abusive, openDesk, openingKeys, reportExchange } from '../../support/reports.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { until } from '../../support/until.ts'

const content = textContent('abusive text')
const url = 'https://assets.example/1'
const { part } = sealAttachment(picture, url)

function openPool(options: Partial<VerifierPoolOptions> = {}) {
  const pool = createVerifierPool({ keys: () => openingKeys, ...options })
  onTestFinished(() => pool[Symbol.dispose]())
  return pool
}

function report(reportId: string, bytes = reportExchange({ messages: [abusive(content)] }).bytes) {
  return { reportId, room, bytes } satisfies ReportToOpen
}

/** A process that answers as ours does, and dies or falls silent at what is named so. */
function poisonable(): URL {
  const path = join(tempDir(), 'program.mjs')
  writeFileSync(
    path,
    `process.on('message', ({ tasks }) => {
      const ids = tasks.map(({ asked }) => asked.reportId ?? asked.octets.toString())
      if (ids.some((id) => id.startsWith('kill'))) process.exit(1)
      if (ids.some((id) => id.startsWith('hang'))) for (;;);
      const answer = (id) => ({ fault: 'malformed', ...(id === 'who' && { message: process.pid }) })
      process.send(ids.map((id) => ({ task: 'open', answer: { kind: 'refused', ...answer(id) } })))
    })`,
  )
  return pathToFileURL(path)
}

/** Of the process that opens a report now. */
async function pidOf({ open }: VerifierPool): Promise<number> {
  const opened = await open(report('who'))
  return opened.kind === 'refused' ? Number(opened.message) : 0
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a report is opened in another process, and comes back without its content', async () => {
  const opened = await openPool().open(report('rep-1'))
  expect(opened).toMatchObject({ kind: 'opened', category: 'unspecified', subject: alice })
  const said = JSON.stringify(opened, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  )
  expect(said).not.toContain(content.toString('base64').slice(0, 40))
  expect(Buffer.from(said).includes('abusive')).toBe(false)
})

test('many at once are opened in order of their answers, whatever their form', async () => {
  const { open } = openPool()
  const results = await Promise.all(
    Array.from({ length: 150 }, (_, index) =>
      open(report(`rep-${index}`, index % 2 === 0 ? undefined : Buffer.of(index))),
    ),
  )
  expect(results.map(({ kind }) => kind)).toEqual(
    Array.from({ length: 150 }, (_, index) => (index % 2 === 0 ? 'opened' : 'refused')),
  )
})

test.each(['kill', 'hang'])(
  'a report that can %s the process is refused with a code, and takes no other with it',
  async (poison) => {
    const { open } = openPool({ program: poisonable(), deadlineMs: 700 })
    const names = ['one', poison, 'two', 'three']
    const settled = await Promise.allSettled(names.map((name) => open(report(name))))
    const taken: OpenedReport = { kind: 'refused', fault: 'malformed' }
    const fulfilled = { status: 'fulfilled', value: taken }
    expect(settled).toEqual([
      fulfilled,
      {
        status: 'rejected',
        reason: expect.objectContaining({
          code: 'verifier-unavailable',
          facts: { reason: 'killed' },
          retryAfterMs: expect.any(Number),
        }),
      },
      fulfilled,
      fulfilled,
    ])
  },
)

test.each(['kill', 'hang'])(
  'an attachment that can %s the process is refused with a code, and takes no report with it',
  async (poison) => {
    const { open, attachment } = openPool({ program: poisonable(), deadlineMs: 700 })
    const hostile = attachment({ octets: Buffer.from(poison), part, withContent: false })
    const reports = ['one', 'two'].map((name) => open(report(name)))
    await expect(hostile).rejects.toMatchObject({
      code: 'verifier-unavailable',
      facts: { reason: 'killed' },
    })
    expect(await Promise.all(reports)).toEqual([
      { kind: 'refused', fault: 'malformed' },
      { kind: 'refused', fault: 'malformed' },
    ])
  },
)

test('attachments and reports that wait together get each their own answer', async () => {
  const pool = openPool()
  const { octets: large, part: ofLarge } = sealAttachment(Buffer.alloc(1_000_000), url)
  const [one, attached, two, changed] = await Promise.all([
    pool.open(report('rep-1')),
    pool.attachment({ octets: large, part: ofLarge, withContent: true }),
    pool.open(report('rep-2', Buffer.of(1))),
    pool.attachment({ octets: large, part, withContent: true }),
  ])
  expect([one.kind, two.kind]).toEqual(['opened', 'refused'])
  expect(attached).toMatchObject({ kind: 'opened', bytes: 1_000_000 })
  expect(attached.kind === 'opened' && attached.content?.equals(Buffer.alloc(1_000_000))).toBe(true)
  expect(changed).toEqual({ kind: 'changed' })
})

test('a process takes what comes soon after, is another one once its time is over, and ends by itself', async () => {
  const lasting = openPool({ program: poisonable(), idleMs: 2_000, lifeMs: 60_000 })
  const first = await pidOf(lasting)
  expect(first).toBeGreaterThan(0)
  expect(await pidOf(lasting)).toBe(first)
  const short = openPool({ program: poisonable(), idleMs: 2_000, lifeMs: 1 })
  expect(await pidOf(short)).not.toBe(await pidOf(short))
  await until(() => !isRunning(first))
})

test('a desk whose verifier dies keeps nothing, and takes the same report afterwards', async () => {
  const dead = openPool({ program: pathToFileURL(join(tempDir(), 'missing.mjs')) })
  const exchange = reportExchange({ messages: [abusive(content)] })
  const { desk, store } = await openDesk({ open: dead.open })
  await expect(desk.receive(exchange)).rejects.toMatchObject({ code: 'verifier-unavailable' })
  expect(store.all('SELECT id FROM reports')).toEqual([])
  const alive = await openDesk({ open: openPool().open })
  expect(await alive.desk.receive(exchange)).toMatchObject({ result: 'verified' })
})

test('more than may wait are refused at once, and none after the end', async () => {
  const pool = openPool({ program: poisonable(), deadlineMs: 60_000, waitingMax: 2 })
  const stuck = pool.open(report('hang'))
  // The first is with the process already; two wait.
  const waiting = [pool.open(report('one')), pool.open(report('two'))]
  expect(() => pool.open(report('three'))).toThrow('verifier-unavailable')
  const settled = Promise.allSettled([stuck, ...waiting])
  pool[Symbol.dispose]()
  for (const refused of await settled)
    expect(refused).toMatchObject({ reason: { code: 'verifier-unavailable' } })
  expect(() => pool.open(report('late'))).toThrow('verifier-unavailable')
})
