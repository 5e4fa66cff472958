import { fork } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { blobColumn, numberColumn, textColumn } from '../../../src/sqlite/row.ts'
import { openStore } from '../../../src/sqlite/store.ts'
import { isUniqueViolation } from '../../../src/sqlite/write-queue.ts'
import { tempDir } from '../../support/temp-dir.ts'

const migrations = [
  {
    id: 'test/0001-notes',
    sql: 'CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT, bytes BLOB) STRICT',
  },
]
const INSERT = 'INSERT INTO notes (id, body, bytes) VALUES (?, ?, ?)'

test('what was written is there for reads and after the store is opened again', async () => {
  const path = join(tempDir(), 'store.db')
  const bytes = Buffer.from('a view of a pooled buffer').subarray(2, 6)
  {
    await using store = await openStore({ path, migrations })
    await store.write(INSERT, [1, 'ünï', bytes])
    const row = store.get('SELECT body, bytes FROM notes WHERE id = ?', [1])
    expect(row && textColumn(row, 'body')).toBe('ünï')
    expect(row && blobColumn(row, 'bytes')).toEqual(Buffer.from(bytes))
  }
  await using store = await openStore({ path, migrations })
  const rows = store.all('SELECT id FROM notes')
  expect(rows.map((row) => numberColumn(row, 'id'))).toEqual([1])
  expect(() => textColumn(rows[0] ?? {}, 'id')).toThrow(
    expect.objectContaining({ code: 'internal' }),
  )
})

test('the database and its companions are closed to others', async () => {
  const path = join(tempDir(), 'store.db')
  await using store = await openStore({ path, migrations })
  await store.write(INSERT, [1, null, null])
  for (const suffix of ['', '-wal', '-shm'])
    expect(statSync(`${path}${suffix}`).mode & 0o777).toBe(0o600)
})

test('a thousand concurrent writes are all there', async () => {
  const path = join(tempDir(), 'store.db')
  await using store = await openStore({ path, migrations })
  await Promise.all(Array.from({ length: 1_000 }, (_, id) => store.write(INSERT, [id, 'x', null])))
  expect(store.get('SELECT count(*) AS n FROM notes')).toEqual({ n: 1_000 })
})

test('a write that fails rejects only its own promise', async () => {
  const path = join(tempDir(), 'store.db')
  await using store = await openStore({ path, migrations })
  const results = await Promise.allSettled([
    store.write(INSERT, [1, 'first', null]),
    store.write(INSERT, [1, 'duplicate', null]),
    store.write('INSERT INTO missing VALUES (1)'),
    store.write(INSERT, [2, undefined as unknown as null, null]),
    store.writeAll([
      [INSERT, [3, 'undone', null]],
      [INSERT, [1, 'duplicate', null]],
    ]),
    store.write(INSERT, [4, 'last', null]),
  ])
  expect(results.map(({ status }) => status === 'fulfilled')).toEqual([
    true,
    false,
    false,
    false,
    false,
    true,
  ])
  expect(
    results.map((result) => result.status === 'rejected' && isUniqueViolation(result.reason)),
  ).toEqual([false, true, false, false, true, false])
  expect(store.all('SELECT id FROM notes ORDER BY id').map(({ id }) => id)).toEqual([1, 4])
})

test('change tells a duplicate from a first write', async () => {
  const path = join(tempDir(), 'store.db')
  await using store = await openStore({ path, migrations })
  const insert = 'INSERT INTO notes (id) VALUES (?) ON CONFLICT DO NOTHING'
  expect(await Promise.all([store.change(insert, [1]), store.change(insert, [1])])).toEqual([1, 0])
})

test('a queue that is full refuses, and takes writes again once it is drained', async () => {
  const path = join(tempDir(), 'store.db')
  await using store = await openStore({ path, migrations })
  const megabyte = Buffer.alloc(1_048_576)
  const results = await Promise.allSettled(
    Array.from({ length: 70 }, (_, id) => store.write(INSERT, [id, null, megabyte])),
  )
  const refused = results.filter(({ status }) => status === 'rejected')
  expect(refused.length).toBeGreaterThan(0)
  expect(refused[0]).toMatchObject({
    reason: { code: 'store-unavailable', facts: { reason: 'queue-full' } },
  })
  const row = store.get('SELECT count(*) AS n FROM notes')
  expect(row && numberColumn(row, 'n')).toBe(70 - refused.length)
  await store.write(INSERT, [100, 'again', null])
})

test('a lock of another process is waited for, and then a coded fault', async () => {
  const path = join(tempDir(), 'store.db')
  await using store = await openStore({ path, migrations, busyTimeoutMs: 50 })
  using other = new DatabaseSync(path)
  other.exec('BEGIN IMMEDIATE')
  const results = await Promise.allSettled([
    store.write(INSERT, [1, null, null]),
    store.write(INSERT, [2, null, null]),
  ])
  for (const result of results)
    expect(result).toMatchObject({
      reason: { code: 'store-unavailable', facts: { reason: 'busy' } },
    })
  other.exec('ROLLBACK')
  await store.write(INSERT, [1, null, null])
})

test('a read that SQLite refuses is a coded fault', async () => {
  const path = join(tempDir(), 'store.db')
  await using store = await openStore({ path, migrations })
  expect(() => store.all('SELECT * FROM missing')).toThrow(
    expect.objectContaining({ code: 'store-unavailable' }),
  )
  expect(() => store.get('INSERT INTO notes (id) VALUES (1)')).toThrow(
    expect.objectContaining({ code: 'store-unavailable' }),
  )
})

test('closing drains what was asked for, and refuses what comes later', async () => {
  const path = join(tempDir(), 'store.db')
  const store = await openStore({ path, migrations })
  const write = store.write(INSERT, [1, 'drained', null])
  const disposed = store[Symbol.asyncDispose]()
  await expect(store.write(INSERT, [2, 'late', null])).rejects.toMatchObject({
    code: 'store-unavailable',
  })
  await write
  await disposed
  using database = new DatabaseSync(path)
  expect(database.prepare('SELECT body FROM notes').all()).toEqual([{ body: 'drained' }])
})

test('a store that another program wrote with a newer schema is refused', async () => {
  const path = join(tempDir(), 'store.db')
  await (await openStore({ path, migrations }))[Symbol.asyncDispose]()
  await expect(openStore({ path, migrations: [] })).rejects.toMatchObject({
    code: 'migration-mismatch',
  })
})

test('a path that cannot be opened is a coded fault', async () => {
  await expect(
    openStore({ path: join(tempDir(), 'no', 'store.db'), migrations }),
  ).rejects.toMatchObject({ code: 'store-unavailable' })
})

test('every acknowledged write survives a kill -9 in the middle of the work', async () => {
  const path = join(tempDir(), 'store.db')
  const child = fork(new URL('./endless-writer.ts', import.meta.url), [path], {
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
  })
  if (child.stdout === null) throw new Error('no stdout')
  let acknowledged = -1
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged = Number(line)
    if (acknowledged === 500) child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  expect(child.signalCode).toBe('SIGKILL')

  await using store = await openStore({ path, migrations })
  const row = store.get('SELECT count(*) AS n, max(id) AS newest FROM notes')
  expect(row && numberColumn(row, 'newest')).toBeGreaterThanOrEqual(acknowledged)
  expect(row && numberColumn(row, 'n')).toBeGreaterThan(acknowledged)
})
