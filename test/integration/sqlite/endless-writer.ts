import { openStore } from '../../../src/sqlite/store.ts'

// Run by `store.test.ts` as a process of its own: writes rows and prints the id of each acknowledged one.

const path = process.argv[2] ?? ''
const store = await openStore({
  path,
  migrations: [
    {
      id: 'test/0001-notes',
      sql: 'CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT, bytes BLOB) STRICT',
    },
  ],
})

let next = 0
async function writeForever(): Promise<never> {
  for (;;) {
    const id = next++
    await store.write('INSERT INTO notes (id, body, bytes) VALUES (?, ?, ?)', [id, 'x', null])
    process.stdout.write(`${id}\n`)
  }
}
await Promise.all(Array.from({ length: 8 }, writeForever))
