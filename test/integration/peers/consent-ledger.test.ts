import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ConsentTerms } from '../../../src/model/exchange.ts'
import {
  ConsentLedger,
  consentMigrations,
  type ConsentRecord,
} from '../../../src/peers/consent-ledger.ts'
import { openStore } from '../../../src/sqlite/store.ts'
import { tempDir } from '../../support/temp-dir.ts'

const requester = 'mimi://a.example/u/alice'
const target = 'mimi://b.example/u/bob'
const club = 'mimi://a.example/r/club'
const terms: ConsentTerms = {
  suite: 3,
  suiteDigest: Buffer.alloc(32, 7),
  purposes: ['delivery', 'moderation'],
  retentionDays: 30,
  expiresAtMs: 2_000,
}

const open = (path = join(tempDir(), 'consents.db')) =>
  openStore({ path, migrations: consentMigrations })

function entry(changes: Partial<ConsentRecord> = {}): ConsentRecord {
  return {
    change: 'grant',
    requester,
    target,
    room: undefined,
    terms: undefined,
    provider: 'b.example',
    atMs: 1_000,
    ...changes,
  }
}

const inClub = { requester, target, room: club }
const anywhere = { requester, target, room: undefined }

describe('the ledger', () => {
  test('gives back what was said, the newest first, page by page', async () => {
    await using store = await open()
    const ledger = new ConsentLedger(store)
    await ledger.record(entry({ change: 'request', provider: 'a.example', terms }))
    await ledger.record(entry({ terms, atMs: 1_100 }))
    await ledger.record(entry({ change: 'revoke', room: club, atMs: 1_200 }))
    const [last, ...others] = ledger.list({ before: undefined, limit: 2 })
    expect(last).toEqual({ ...entry({ change: 'revoke', room: club, atMs: 1_200 }), position: 3 })
    expect(others).toEqual([{ ...entry({ terms, atMs: 1_100 }), position: 2 }])
    expect(ledger.list({ before: 2, limit: 10 })).toMatchObject([
      { change: 'request', provider: 'a.example' },
    ])
  })

  test('outlives a restart', async () => {
    const path = join(tempDir(), 'consents.db')
    {
      await using store = await open(path)
      await new ConsentLedger(store).record(entry({ terms }))
    }
    await using store = await open(path)
    expect(new ConsentLedger(store).standing(anywhere, 1_500)).toEqual({ kind: 'granted', terms })
  })

  test('keeps an entry alike whatever becomes of the request', async () => {
    await using store = await open()
    const ledger = new ConsentLedger(store)
    await ledger.record(entry({ change: 'request' }))
    await ledger.record(entry({ change: 'request', target: 'mimi://b.example/u/nobody' }))
    const [unknown, known] = ledger.list({ before: undefined, limit: 2 })
    expect({ ...unknown, target: '', position: 0 }).toEqual({ ...known, target: '', position: 0 })
    expect(ledger.standing(anywhere, 1_500)).toEqual({ kind: 'none' })
  })
})

describe('what holds', () => {
  const cases: readonly [string, readonly Partial<ConsentRecord>[], string, string][] = [
    ['nothing before anything was said', [], 'none', 'none'],
    ['a grant for any room', [{}], 'granted', 'granted'],
    ['a grant for one room', [{ room: club }], 'granted', 'none'],
    ['a revocation after it', [{}, { change: 'revoke' }], 'revoked', 'revoked'],
    ['a revocation for one room', [{}, { change: 'revoke', room: club }], 'revoked', 'granted'],
    ['a revocation of all', [{ room: club }, { change: 'revoke' }], 'revoked', 'revoked'],
    ['a grant for one room after it', [{ change: 'revoke' }, { room: club }], 'granted', 'revoked'],
    ['a cancelled request', [{}, { change: 'cancel' }], 'granted', 'granted'],
    ['terms that have ended', [{ terms: { ...terms, expiresAtMs: 1_400 } }], 'expired', 'expired'],
  ]
  test.each(cases)('is %s', async (...row) => {
    const [, said, room, any] = row
    await using store = await open()
    const ledger = new ConsentLedger(store)
    for (const changes of said) await ledger.record(entry(changes))
    expect(ledger.standing(inClub, 1_500).kind).toBe(room)
    expect(ledger.standing(anywhere, 1_500).kind).toBe(any)
    expect(ledger.standing({ ...inClub, requester: target }, 1_500).kind).toBe('none')
  })
})

test('what is old goes, but for grants that still hold', async () => {
  await using store = await open()
  const ledger = new ConsentLedger(store)
  await ledger.record(entry({ change: 'request' }))
  await ledger.record(entry({ room: club }))
  await ledger.record(entry({ change: 'revoke' }))
  await ledger.record(entry({ terms: { ...terms, expiresAtMs: undefined } }))
  await ledger.record(entry({ terms, requester: 'mimi://c.example/u/carol' }))
  await ledger.record(entry({ change: 'request', atMs: 9_000 }))
  expect(await ledger.deleteBefore(5_000, 6_000)).toBe(4)
  expect(ledger.list({ before: undefined, limit: 10 }).map(({ position }) => position)).toEqual([
    6, 4,
  ])
  expect(ledger.standing(anywhere, 6_000).kind).toBe('granted')
})
