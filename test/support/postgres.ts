import { randomBytes } from 'node:crypto'
import { Client, escapeIdentifier } from 'pg'
import { onTestFinished } from 'vitest'

/** The server that tests use; `POSTGRES_URL` names another one. */
export const POSTGRES_URL = process.env['POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/test'

/** The name of a schema that is gone when the test ends. Nothing is made yet. */
export function testSchema(): string {
  const schema = `postern_test_${randomBytes(6).toString('hex')}`
  onTestFinished(async () => {
    await withPostgres((client) =>
      client.query(`DROP SCHEMA IF EXISTS ${escapeIdentifier(schema)} CASCADE`),
    )
  })
  return schema
}

/** Talks to the server on a connection of its own. */
export async function withPostgres<Result>(
  use: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client({ connectionString: POSTGRES_URL })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}
