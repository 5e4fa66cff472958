import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import type { BatchStatement } from '../../../src/sqlite/batch.ts'
import { commitBatch, failures, type Compile } from '../../../src/sqlite/commit.ts'

const INSERT = 0
const INSERT_OR_ROLLBACK = 1
const BROKEN = 2
const texts = [
  'INSERT INTO spent (id) VALUES (?)',
  'INSERT OR ROLLBACK INTO spent (id) VALUES (?)',
  'INSERT INTO nothing VALUES (?)',
]

function open(): { database: DatabaseSync; compile: Compile; ids: () => unknown[] } {
  const database = new DatabaseSync(':memory:')
  database.exec('CREATE TABLE spent (id INTEGER PRIMARY KEY CHECK (id > 0)) STRICT')
  const compiled: StatementSync[] = []
  return {
    database,
    compile: (text) => (compiled[text] ??= database.prepare(texts[text] ?? '')),
    ids: () =>
      database
        .prepare('SELECT id FROM spent ORDER BY id')
        .all()
        .map((row) => row['id']),
  }
}

function insert(...ids: number[]): BatchStatement[] {
  return ids.map((id) => ({ text: INSERT, parameters: [id] }))
}

function named(outcomes: readonly number[]): unknown[] {
  return outcomes.map((outcome) => (outcome < 0 ? failures[-1 - outcome] : outcome))
}

test('units that fail do not undo the others', () => {
  const { database, compile, ids } = open()
  const outcomes = commitBatch(database, compile, [
    insert(1),
    insert(1),
    insert(-1),
    [{ text: BROKEN, parameters: [1] }],
    insert(2),
  ])
  expect(named(outcomes)).toEqual([1, 'unique', 'constraint', 'failed', 1])
  expect(ids()).toEqual([1, 2])
})

test('a unit of several statements is written wholly or not at all', () => {
  const { database, compile, ids } = open()
  const outcomes = commitBatch(database, compile, [insert(1, 2, 3), insert(4, 5, 2), insert(6)])
  expect(named(outcomes)).toEqual([3, 'unique', 1])
  expect(ids()).toEqual([1, 2, 3, 6])
})

test('when SQLite undoes the whole transaction, only the unit that is to blame is lost', () => {
  const { database, compile, ids } = open()
  const outcomes = commitBatch(database, compile, [
    insert(1),
    insert(2, 3),
    [{ text: INSERT_OR_ROLLBACK, parameters: [1] }],
    insert(4),
  ])
  expect(named(outcomes)).toEqual([1, 2, 'unique', 1])
  expect(ids()).toEqual([1, 2, 3, 4])
  expect(database.isTransaction).toBe(false)
})
