import { randomBytes } from 'node:crypto'
import { escapeIdentifier } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import {
  postgresSpentTokens,
  type PostgresSpentTokensOptions,
} from '../../../src/privacypass/spent-postgres.ts'
import type { SpentTokens } from '../../../src/privacypass/spent-tokens.ts'
import { POSTGRES_URL, testSchema, withPostgres } from '../../support/postgres.ts'
import { tomorrow, TOMORROW } from '../../support/spent-told.ts'
import { DAY, DAY_MS, spendOf } from '../../support/spent-tokens.ts'
import { tcpGate } from '../../support/tcp-gate.ts'

const clock = () => DAY_MS

function openIn(schema: string, facts: Partial<PostgresSpentTokensOptions> = {}): SpentTokens {
  const options = { url: POSTGRES_URL, schema, clock, randomness: randomBytes, ...facts }
  return postgresSpentTokens(options)
}

/** Runs SQL in which `$schema` stands for the schema. */
function sql(schema: string, text: string) {
  const whole = text.replaceAll('$schema', escapeIdentifier(schema))
  return withPostgres((client) => client.query<Record<string, unknown>>(whole))
}

async function gated(schema: string) {
  const { hostname, port } = new URL(POSTGRES_URL)
  const gate = await tcpGate({ host: hostname, port: Number(port) })
  const url = new URL(POSTGRES_URL)
  url.port = `${gate.port}`
  url.hostname = '127.0.0.1'
  return { gate, store: openIn(schema, { url: url.href }) }
}

test('of many processes that race for the same tokens each token has one winner', async () => {
  const schema = testSchema()
  const stores = Array.from({ length: 4 }, () => openIn(schema))
  const names = Array.from({ length: 400 }, (_, n) => n)
  const kinds = await Promise.all(
    stores.map((store, process) =>
      Promise.all(
        // Each in another order, so that batches meet in every way.
        names.map(async (n) => {
          const name = (n * [1, 3, 7, 399][process]!) % 400
          return [name, (await store.spend(spendOf(`${name}`, `${process}`))).kind] as const
        }),
      ),
    ),
  )
  const won = kinds.flat().filter(([, kind]) => kind === 'spent')
  expect(new Set(won.map(([name]) => name)).size).toBe(400)
  expect(won).toHaveLength(400)
  expect(new Set(kinds.flat().map(([, kind]) => kind))).toEqual(new Set(['spent', 'replayed']))
  for (const store of stores) await store[Symbol.asyncDispose]()
})

test('batches that take their time and meet the other way round do not wait for each other', async () => {
  const schema = testSchema()
  await using one = openIn(schema)
  await using other = openIn(schema)
  await one.spend(spendOf('warm'))
  await other.spend(spendOf('warm'))
  await sql(
    schema,
    `CREATE FUNCTION $schema.slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       PERFORM pg_sleep(0.01); RETURN NEW; END $$;
     CREATE TRIGGER slow BEFORE INSERT ON $schema.spent_tokens
       FOR EACH ROW EXECUTE FUNCTION $schema.slow()`,
  )
  const names = Array.from({ length: 60 }, (_, n) => `${n}`)
  const kinds = await Promise.all([
    ...names.map(async (name) => (await one.spend(spendOf(name, 'one'))).kind),
    ...names.toReversed().map(async (name) => (await other.spend(spendOf(name, 'other'))).kind),
  ])
  expect(kinds.filter((kind) => kind === 'spent')).toHaveLength(60)
  expect(kinds.filter((kind) => kind === 'replayed')).toHaveLength(60)
})

test('many processes that meet a new epoch at once begin it together', async () => {
  const schema = testSchema()
  const stores = Array.from({ length: 6 }, () => openIn(schema))
  const kinds = await Promise.all(
    stores.map(async (store, n) => (await store.spend(spendOf('a', `${n}`))).kind),
  )
  expect(kinds.filter((kind) => kind === 'spent')).toHaveLength(1)
  for (const store of stores) await store[Symbol.asyncDispose]()
})

test('while the server is away no token is spent, and afterwards it goes on', async () => {
  const { gate, store } = await gated(testSchema())
  await using open = store
  gate.shut()
  const refused = { code: 'store-unavailable', facts: { reason: 'database' } }
  await expect(open.spend(spendOf('a'))).rejects.toMatchObject(refused)
  await expect(open.epochs()).rejects.toMatchObject(refused)
  gate.open()
  expect(await open.spend(spendOf('a'))).toEqual({ kind: 'spent' })
  gate.shut()
  const waiting = ['a', 'b', 'c'].map((name) => open.spend(spendOf(name, 'another')))
  for (const result of await Promise.allSettled(waiting))
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'store-unavailable' } })
  await expect(open.dropBefore(TOMORROW)).rejects.toMatchObject(refused)
  gate.open()
  // What was to be dropped is closed here already, whatever the server knows of it.
  expect(await open.spend(spendOf('b'))).toEqual({ kind: 'epoch-closed' })
  expect(await open.spend(tomorrow('b'))).toEqual({ kind: 'spent' })
})

test('a request whose answer got lost on the way has it again', async () => {
  const { gate, store } = await gated(testSchema())
  await using open = store
  await open.spend(spendOf('warm'))
  gate.loseNextAnswer()
  await expect(open.spend(spendOf('a'))).rejects.toMatchObject({ code: 'store-unavailable' })
  expect(await open.spend(spendOf('a', 'another'))).toEqual({ kind: 'replayed' })
  expect(await open.spend(spendOf('a'))).toEqual({ kind: 'again' })
})

test.each([
  ['missing', `DROP TABLE $schema.spent_tokens_${DAY}`],
  ['failed-over', `UPDATE $schema.spent_epochs SET origin = replace(origin, '/0', '/1')`],
  ['failed-over', `UPDATE $schema.spent_epochs SET origin = '1' || origin`],
  [
    'failed-over',
    `CREATE TABLE $schema.copy (LIKE $schema.spent_tokens_${DAY} INCLUDING ALL);
     DROP TABLE $schema.spent_tokens_${DAY};
     ALTER TABLE $schema.copy RENAME TO spent_tokens_${DAY};
     ALTER TABLE $schema.spent_tokens ATTACH PARTITION $schema.spent_tokens_${DAY} FOR VALUES IN (${DAY})`,
  ],
])(
  'records that are %s close their epoch for every process, for good: %s',
  async (reason, damage) => {
    const schema = testSchema()
    await using running = openIn(schema)
    await running.spend(spendOf('a'))
    await sql(schema, damage)
    expect(await running.spend(spendOf('b'))).toEqual({ kind: 'epoch-closed' })
    expect(await running.spend(spendOf('a'))).toEqual({ kind: 'epoch-closed' })
    expect(await running.spend(tomorrow('a'))).toEqual({ kind: 'spent' })
    await using other = openIn(schema)
    expect(await other.spend(spendOf('c'))).toEqual({ kind: 'epoch-closed' })
    expect((await other.epochs())[0]).toEqual({ kind: 'closed', epoch: DAY, reason })
  },
)

test('records without the row of their epoch close it', async () => {
  const schema = testSchema()
  await using store = openIn(schema)
  await store.spend(spendOf('a'))
  await sql(schema, `DELETE FROM $schema.spent_epochs WHERE epoch = ${DAY}`)
  expect(await store.spend(spendOf('b'))).toEqual({ kind: 'epoch-closed' })
  expect(await store.epochs()).toEqual([{ kind: 'closed', epoch: DAY, reason: 'damaged' }])
})

test.each(['spent_epochs', 'spent_store', 'spent_tokens'])(
  'a process that finds no table %s closes what had begun, also for the others',
  async (table) => {
    const schema = testSchema()
    await using running = openIn(schema)
    await running.spend(spendOf('a'))
    await sql(schema, `DROP TABLE $schema.${table} CASCADE`)
    await using store = openIn(schema)
    expect(await store.spend(spendOf('b'))).toEqual({ kind: 'epoch-closed' })
    expect(await running.spend(spendOf('c'))).toEqual({ kind: 'epoch-closed' })
    expect(await running.spend(tomorrow('a'))).toEqual({ kind: 'spent' })
    expect(await store.spend(tomorrow('a'))).toEqual({ kind: 'again' })
  },
)

test('a table that goes while it is used lets no token be spent twice', async () => {
  const schema = testSchema()
  await using store = openIn(schema)
  await store.spend(spendOf('a'))
  await sql(schema, 'DROP TABLE $schema.spent_tokens CASCADE')
  expect(await store.spend(spendOf('a'))).toEqual({ kind: 'epoch-closed' })
  expect(await store.spend(tomorrow('a'))).toEqual({ kind: 'spent' })
})

test('tables of which nothing is left close what had begun, if there were any', async () => {
  const schema = testSchema()
  await using store = openIn(schema, { expected: true })
  expect(await store.spend(spendOf('a'))).toEqual({ kind: 'epoch-closed' })
  expect(await store.spend(spendOf('a', 'r', { epoch: DAY - 86_400 }))).toEqual({
    kind: 'epoch-closed',
  })
  expect(await store.spend(tomorrow('a'))).toEqual({ kind: 'spent' })
  expect(await store.epochs()).toEqual([
    { kind: 'closed', epoch: DAY, reason: 'missing' },
    { kind: 'open', epoch: TOMORROW, spent: 1, remaining: undefined },
  ])
})

test('what one process drops is closed for the others that use it', async () => {
  const schema = testSchema()
  await using one = openIn(schema)
  await using other = openIn(schema)
  await one.spend(spendOf('a'))
  await other.spend(spendOf('b'))
  const waiting = Array.from({ length: 500 }, (_, n) => other.spend(spendOf(`racing ${n}`)))
  await one.dropBefore(TOMORROW)
  const kinds = new Set((await Promise.all(waiting)).map(({ kind }) => kind))
  for (const kind of kinds) expect(['spent', 'epoch-closed']).toContain(kind)
  expect(await other.spend(spendOf('c'))).toEqual({ kind: 'epoch-closed' })
  expect(await other.epochs()).toEqual([])
})

test('more epochs than are ever alive are refused until old ones are dropped', async () => {
  await using store = openIn(testSchema())
  const spend = (day: number) => store.spend(spendOf('a', 'r', { epoch: DAY + day * 86_400 }))
  for (let day = 0; day < 16; day += 1) expect(await spend(day)).toEqual({ kind: 'spent' })
  await expect(spend(16)).rejects.toMatchObject({ facts: { reason: 'too-many-epochs' } })
  await store.dropBefore(DAY + 86_400)
  expect(await spend(16)).toEqual({ kind: 'spent' })
})

test('a role that may only use its own schema is enough, and commits wait for the disk whatever it says', async () => {
  const schema = testSchema()
  const role = `${schema}_role`
  onTestFinished(async () => {
    await sql(schema, `DROP SCHEMA $schema CASCADE; DROP ROLE ${role}`)
  })
  await sql(
    schema,
    `CREATE ROLE ${role} LOGIN; ALTER ROLE ${role} SET synchronous_commit = off;
     ALTER ROLE ${role} SET default_transaction_isolation = serializable;
     CREATE SCHEMA $schema AUTHORIZATION ${role}`,
  )
  const url = new URL(POSTGRES_URL)
  url.username = role
  await using store = openIn(schema, { url: url.href })
  await store.spend(spendOf('a'))
  await sql(
    schema,
    `CREATE FUNCTION $schema.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       IF current_setting('synchronous_commit') <> 'on'
         OR current_setting('transaction_isolation') <> 'read committed'
       THEN RAISE 'not durable'; END IF; RETURN NEW; END $$;
     CREATE TRIGGER refuse BEFORE INSERT ON $schema.spent_tokens
       FOR EACH ROW EXECUTE FUNCTION $schema.refuse()`,
  )
  expect(await store.spend(spendOf('b'))).toEqual({ kind: 'spent' })
})

test('the tables hold no spend key, no key id and no pseudonym', async () => {
  const schema = testSchema()
  await using store = openIn(schema)
  const spend = spendOf('a')
  await store.spend(spend)
  const { rows } = await sql(
    schema,
    `SELECT row_to_json(t)::text AS row FROM $schema.spent_tokens t
     UNION ALL SELECT row_to_json(e)::text FROM $schema.spent_epochs e`,
  )
  const text = rows.map(({ row }) => String(row).replaceAll('-', '')).join()
  expect(rows).toHaveLength(2)
  for (const bytes of [spend.keyId, spend.spendKey])
    expect(text).not.toContain(Buffer.from(bytes.subarray(0, 16)).toString('hex'))
})
