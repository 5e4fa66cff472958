import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createStrikeBook } from '../../../src/notices/strike-book.ts'
import { noticeMigrations } from '../../../src/notices/tables.ts'
import { openStore, type Statement } from '../../../src/sqlite/store.ts'
import { epochStart, pseudonym, room, startMs, tagA } from '../../support/notices.ts'
import { tempDir } from '../../support/temp-dir.ts'

/** Before a strike counted when the hub decided it. */
const before = noticeMigrations.filter(({ id }) => id < 'notices/0006')
const answeredMs = startMs + 86_400_000

function oldStrike(id: string, state: string, counted: 0 | 1): readonly Statement[] {
  const sent = `INSERT INTO notices_sent (id, peer, type, payload, about, policies, created_ms, until_ms,
    queued, next_ms, state, answered_ms, counted)
    VALUES (?, 'home.example', 'strike', '{}', ?, '[]', ?, ?, 0, ?, ?, ?, ?)`
  const reason = `INSERT INTO strike_reasons (room, pseudonym, cause, because, epoch_start, at_ms)
    VALUES (?, ?, ?, 'moderator', ?, ?)`
  return [
    [sent, [id, tagA, startMs, startMs, startMs, state, answeredMs, counted]],
    [reason, [room, pseudonym, id, epochStart, startMs]],
  ]
}

test('what was counted when a provider answered is taken back from that day, what was not stays uncounted', async () => {
  const path = join(tempDir(), 'postern.sqlite')
  {
    await using old = await openStore({ path, migrations: before })
    await old.writeAll([
      ...oldStrike('san-actioned', 'actioned', 1),
      ...oldStrike('san-denied', 'cannot_verify', 0),
    ])
  }
  await using store = await openStore({ path, migrations: noticeMigrations })
  const book = createStrikeBook(store)
  expect(book.reasonBy('san-actioned')).toMatchObject({ atMs: startMs, countedMs: answeredMs })
  expect(book.reasonBy('san-denied')).toMatchObject({ atMs: startMs, countedMs: undefined })
})
