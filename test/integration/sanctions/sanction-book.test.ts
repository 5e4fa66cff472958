import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { onTestFinished, expect, test } from 'vitest'
import { parseMimiUri, parseProviderDomain } from '../../../src/model/ids.ts'
import {
  inverse,
  newSanctionId,
  sanctionStates,
  type Sanction,
} from '../../../src/model/sanctions.ts'
import { sanctionsMigrations } from '../../../src/sanctions/migrations.ts'
import { SanctionBook } from '../../../src/sanctions/sanction-book.ts'
import { hasEnded } from '../../../src/sanctions/stored.ts'
import { openStore } from '../../../src/sqlite/store.ts'
import { tempDir } from '../../support/temp-dir.ts'

const nowMs = 1_800_000_000_000
const own = () => ({ id: newSanctionId(nowMs, randomBytes), issuedAtMs: nowMs })
const participant = parseMimiUri('mimi://b.example/u/bob', 'user')
const base = { room: parseMimiUri('mimi://a.example/r/club', 'room'), reason: 'spam' }
const about = { ...base, participant }
const told = { ...about, provider: parseProviderDomain('b.example') }
const frankingTag = 'ab'.repeat(32)
const expiresAtMs = nowMs + 1
const message = { messageId: frankingTag }

/** One of each kind that is no inverse. */
const sanctions: readonly (() => Sanction)[] = [
  () => ({ ...own(), ...about, kind: 'ban' }),
  () => ({ ...own(), ...about, kind: 'limit', divisor: 2, expiresAtMs }),
  () => ({ ...own(), ...base, kind: 'retract', message }),
  () => ({
    ...own(),
    ...base,
    kind: 'label',
    target: { kind: 'message', ...message },
    label: 'doubtful',
    expiresAtMs,
  }),
  () => ({ ...own(), ...told, kind: 'strike', frankingTag, severity: 'low' }),
  () => ({ ...own(), ...told, kind: 'notify', statementRef: 'dec-1', notice: 'statement' }),
]

async function openBook() {
  const store = await openStore({
    path: join(tempDir(), 'sanctions.sqlite'),
    migrations: sanctionsMigrations,
  })
  onTestFinished(() => store[Symbol.asyncDispose]())
  const open = () => new SanctionBook(store, () => nowMs)
  const book = open()
  for (const state of sanctionStates)
    for (const made of sanctions) {
      await book.insert(made(), state)
      await book.insert(inverse(made(), own()), state)
    }
  return { book, open }
}

const names = (book: SanctionBook) =>
  book.allLive().map(({ sanction, state }) => `${sanction.kind} ${state}`)

test('what has ended is not taken up again, and all else is', async () => {
  const { book, open } = await openBook()
  const all = book.list({ room: undefined, before: undefined, limit: 1_000 })
  const left = all.filter((one) => !hasEnded(one)).toReversed()
  expect(names(open())).toEqual(left.map(({ sanction, state }) => `${sanction.kind} ${state}`))
  expect(names(book)).toEqual(names(open()))
})

test('what was sent to a provider has ended, and so have unbans and restorations that the group has', async () => {
  const { book } = await openBook()
  const live = names(book)
  for (const kind of ['strike', 'retract-strike', 'notify']) {
    expect(live).toContain(`${kind} pending`)
    expect(live).not.toContain(`${kind} enforced-at-hub`)
  }
  for (const kind of ['unban', 'restore']) {
    expect(live).toContain(`${kind} enforced-at-hub`)
    expect(live).not.toContain(`${kind} in-group-state`)
  }
  for (const kind of ['ban', 'limit', 'retract', 'label'])
    expect(live).toContain(`${kind} in-group-state`)
})

test('what has ended is forgotten after its time, and nothing else', async () => {
  const { book } = await openBook()
  const before = names(book)
  expect(await book.deleteBefore(nowMs)).toBe(0)
  const all = book.list({ room: undefined, before: undefined, limit: 1_000 }).length
  expect(await book.deleteBefore(nowMs + 1)).toBe(all - before.length)
  const left = book.list({ room: undefined, before: undefined, limit: 1_000 })
  expect(left.some((one) => hasEnded(one))).toBe(false)
  expect(left).toHaveLength(before.length)
})
