import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadPolicies } from '../../src/policy/load.ts'
import { moderationEngine } from '../../src/policy/moderation/moderation-engine.ts'
import { moderationQueues } from '../../src/policy/moderation/vocabulary.ts'
import { createCaseDesk, type CaseDesk } from '../../src/reports/case-desk.ts'
import type { CaseFilter } from '../../src/reports/cases/case-list.ts'
import { caseMigrations } from '../../src/reports/cases/case-tables.ts'
import { reportCategories } from '../../src/reports/categories.ts'
import { newReportId } from '../../src/reports/report-id.ts'
import { createReportStore, reportMigrations } from '../../src/reports/report-store.ts'
import { openStore, type Store } from '../../src/sqlite/store.ts'
import { GatewayError } from '../../src/model/errors.ts'
import { checkedMessage } from '../../test/support/checked-message.ts'
import { atMost, quantile, report, type Section, type SectionRow } from './section.ts'

/** Queues with 100,000 cases that wait: pages, counts, a case, a claim, and a report that joins. */
async function reportsSection(): Promise<Section> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-bench-reports-'))
  const store = await openStore({
    path: join(directory, 'store.sqlite'),
    migrations: [...reportMigrations, ...caseMigrations],
  })
  try {
    const desk = openDesk(store)
    await fill(store, desk)
    const pages = {
      all: pageTimes(desk, {}),
      deadline: pageTimes(desk, { order: 'deadline' }),
      severity: pageTimes(desk, { severity: 1 }),
      queue: pageTimes(desk, { queue: 'spam' }),
    }
    const counts = times(QUEUE_ROUNDS, () => void desk.queues(ann))
    const ids = desk.list(ann, { limit: CLAIMS }).cases.map(({ id }) => id)
    const shows = ids.map((id) => timed(() => void desk.show(ann, id)))
    const claims: number[] = []
    for (const id of ids) claims.push(await timedAsync(() => desk.leases.claim(ann, id)))
    const every = Object.values(pages).flat()
    return {
      title: `Cases: ${CASES.toLocaleString('en')} that wait, pages of ${PAGE}, every queue`,
      rows: [
        row('a page by priority', pages.all),
        row('a page by deadline', pages.deadline),
        row('a page of one severity', pages.severity),
        row('a page of one queue', pages.queue),
        row('counts of all queues', counts),
        row('one case', shows),
        row('a claim, durable', claims),
        row('a report joins its case, durable', joinTimes),
      ],
      bars: [
        atMost('a page of a queue, p95', quantile(every, 0.95), '50 ms'),
        atMost('counts of all queues, p95', quantile(counts, 0.95), '50 ms'),
      ],
    }
  } finally {
    await store[Symbol.asyncDispose]()
    rmSync(directory, { recursive: true, force: true })
  }
}

function row(what: string, values: readonly number[]): SectionRow {
  return { what, unit: 'ms', median: quantile(values, 0.5), p99: quantile(values, 0.99) }
}

function unused(): Promise<never> {
  return Promise.reject(new GatewayError('store-unavailable'))
}

function openDesk(store: Store): CaseDesk {
  const url = new URL('../../policies/moderation/policies.cedar', import.meta.url)
  const loaded = loadPolicies(readFileSync(url, 'utf8'), 0, 'moderation')
  const roles = ['moderator', 'child-safety'] as const
  return createCaseDesk({
    store,
    engine: moderationEngine(loaded),
    moderation: {
      team: [{ name: 'ann', roles, queues: moderationQueues, languages: [], accounts: [] }],
      settings: { leaseMs: 600_000, exposuresPerDay: 40, exposuresPerHour: 40, secondPerson: [] },
    },
    sanctions: { apply: unused, undo: unused },
    reports: { show: () => Promise.resolve(undefined) },
    keys: () => undefined,
    attachments: { fetch: unused, open: unused },
    onOpened: () => {},
    clock: Date.now,
    randomness: randomBytes,
  })
}

/**
 * Cases as joining reports makes them. All but the last are copied within the database: joining
 * one by one waits for the disk each time.
 */
async function fill(store: Store, desk: CaseDesk): Promise<void> {
  const reports = createReportStore(store)
  const joinOne = async (number: number) => {
    const nowMs = Date.now()
    const id = newReportId(nowMs, randomBytes)
    await reports.insert({
      id,
      receivedAtMs: nowMs,
      room: `mimi://hub.example/r/${number}`,
      provider: `p${number % 7}.example`,
      subject: `mimi://b.example/u/${number}`,
      reporter: `handle-${number}`,
      track: `track-${number}`,
      category: reportCategories[number % reportCategories.length] ?? 'other',
      messages: 1,
      result: number % 3 === 0 ? 'unverifiable' : 'verified',
      checked: [checkedMessage(randomBytes(32))],
      consentFlags: 0,
      reporterProof: 'none',
      digest: undefined,
      evidence: { keyId: 'k', encapsulation: Buffer.alloc(32), ciphertext: Buffer.alloc(512) },
    })
    joinTimes.push(await timedAsync(() => desk.join(id)))
  }
  for (let first = 0; first < SEEDS; first += SEEDS_AT_ONCE)
    await Promise.all(Array.from({ length: SEEDS_AT_ONCE }, (_, number) => joinOne(first + number)))
  const copies = CASES / SEEDS - 1
  for (let copy = 1; copy <= copies; copy += 1)
    await store.writeAll([
      [COPY_CASES, [copy, copy * AGE_STEP_MS, copy * AGE_STEP_MS, copy * AGE_STEP_MS, copy]],
      [COPY_EVENTS, [copy]],
    ])
  joinTimes.splice(0)
  // With all of them there.
  for (let number = 0; number < JOINS; number += 1) await joinOne(CASES + number)
}

/** Pages through what waits, to the depth that people reach and beyond. */
function pageTimes(desk: CaseDesk, filter: CaseFilter): readonly number[] {
  const found: number[] = []
  let after: string | undefined
  for (let page = 0; page < PAGES; page += 1) {
    const asked = { ...filter, limit: PAGE, after }
    let next: string | undefined
    found.push(
      timed(() => {
        ;({ next } = desk.list(ann, asked))
      }),
    )
    after = next
  }
  return found
}

function times(rounds: number, run: () => void): readonly number[] {
  return Array.from({ length: rounds }, () => timed(run))
}

function timed(run: () => void): number {
  const start = performance.now()
  run()
  return performance.now() - start
}

async function timedAsync(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await run()
  return performance.now() - start
}

const ann = { name: 'ann', mfa: true }
const CASES = 100_000
const SEEDS = 1_000
const SEEDS_AT_ONCE = 100
const JOINS = 100
const CLAIMS = 20
const PAGE = 100
const PAGES = 100
const QUEUE_ROUNDS = 40
const AGE_STEP_MS = 600_000
const joinTimes: number[] = []

const COPIED = `queue, category, severity, stage, phase, fresh, reports, verified, reporters, weight,
  brigading, held`
const COPY_CASES = `INSERT INTO cases (id, room, subject, isolated, opened_ms, last_report_ms, due_ms,
    rank, ${COPIED})
  SELECT id || '-' || ?, room, subject || '-' || id || '-' || ?5, isolated, opened_ms - ?2,
    last_report_ms - ?3, due_ms - ?4, rank + ?2 / 86400000.0, ${COPIED}
  FROM cases WHERE id NOT LIKE 'case-%-%' LIMIT ${SEEDS}`
const COPY_EVENTS = `INSERT INTO case_events (case_id, version, at_ms, actor, kind, body)
  SELECT case_id || '-' || ?, version, at_ms, actor, kind, body
  FROM case_events WHERE case_id NOT LIKE 'case-%-%' LIMIT ${SEEDS}`

report(await reportsSection())
