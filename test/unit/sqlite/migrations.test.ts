import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { migrate, type Migration } from '../../../src/sqlite/migrations.ts'

const first: Migration = { id: 'rooms/0001-rooms', sql: 'CREATE TABLE rooms (id TEXT) STRICT' }
const second: Migration = { id: 'rooms/0002-pins', sql: 'CREATE TABLE pins (id TEXT) STRICT' }
const other: Migration = { id: 'audit/0001-events', sql: 'CREATE TABLE events (id TEXT) STRICT' }

function tables(database: DatabaseSync): unknown[] {
  return database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .all()
    .map((row) => row['name'])
}

test('migrations run once, in their order', () => {
  const database = new DatabaseSync(':memory:')
  migrate(database, [first])
  migrate(database, [first, second])
  migrate(database, [first, second])
  expect(tables(database)).toEqual(['pins', 'postern_migrations', 'rooms'])
})

test('a folder that comes later may stand before the others', () => {
  const database = new DatabaseSync(':memory:')
  migrate(database, [first])
  migrate(database, [other, first, second])
  expect(tables(database)).toEqual(['events', 'pins', 'postern_migrations', 'rooms'])
})

test.each([
  ['changed', [first], [{ ...first, sql: 'CREATE TABLE rooms (id BLOB) STRICT' }]],
  ['unknown', [first, second], [first]],
  ['out-of-order', [second], [first, second]],
  ['duplicate', [], [first, first]],
])('a history that is %s is refused and nothing runs', (reason, before, after) => {
  const database = new DatabaseSync(':memory:')
  migrate(database, before)
  const tablesBefore = tables(database)
  expect(() => migrate(database, after)).toThrow(
    expect.objectContaining({
      code: 'migration-mismatch',
      facts: expect.objectContaining({ reason }),
    }),
  )
  expect(tables(database)).toEqual(tablesBefore)
})

test('a migration that fails leaves nothing of itself', () => {
  const database = new DatabaseSync(':memory:')
  const broken = { id: 'rooms/0002-broken', sql: 'CREATE TABLE half (id TEXT); SELECT nonsense' }
  expect(() => migrate(database, [first, broken])).toThrow(
    expect.objectContaining({ code: 'store-unavailable' }),
  )
  expect(tables(database)).toEqual(['postern_migrations', 'rooms'])
})
