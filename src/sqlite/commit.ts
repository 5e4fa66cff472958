import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { BatchStatement } from './batch.ts'

/** Why a unit was not written. `unique` and `constraint` are the caller's own doing. */
export const failures = ['failed', 'unique', 'constraint', 'full', 'busy', 'io'] as const
type Failure = (typeof failures)[number]

/** Statement texts by number; each is compiled once, when first needed. */
export type Compile = (text: number) => StatementSync

/**
 * Writes `units` in one transaction, each unit wholly or not at all, and returns one number per unit:
 * the rows that it changed, or `-1 - index` of its failure in `failures`.
 * INVARIANT: a unit that fails does not undo another one.
 */
export function commitBatch(
  database: DatabaseSync,
  compile: Compile,
  units: readonly (readonly BatchStatement[])[],
): number[] {
  try {
    return inTransaction(database, () => units.map((unit) => runUnit(database, compile, unit)))
  } catch (error) {
    const failure = outcomeOf(error)
    // Whoever holds the lock would make each unit wait for its whole time-out once more.
    if (failure === BUSY || units.length === 1) return units.map(() => failure)
    return units.map((unit) => commitAlone(database, compile, unit))
  }
}

/** SQLite undid the whole transaction (disk full, I/O): only the units that fail alone are to blame. */
function commitAlone(
  database: DatabaseSync,
  compile: Compile,
  unit: readonly BatchStatement[],
): number {
  try {
    return inTransaction(database, () => runUnit(database, compile, unit))
  } catch (error) {
    return outcomeOf(error)
  }
}

function inTransaction<T>(database: DatabaseSync, body: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const value = body()
    database.exec('COMMIT')
    return value
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

function runUnit(
  database: DatabaseSync,
  compile: Compile,
  unit: readonly BatchStatement[],
): number {
  const [only] = unit
  // One statement is atomic by itself.
  if (only !== undefined && unit.length === 1)
    return guarded(database, () => runStatement(compile, only))
  return guarded(database, () => {
    database.exec('SAVEPOINT unit')
    try {
      let changes = 0
      for (const statement of unit) changes += runStatement(compile, statement)
      database.exec('RELEASE unit')
      return changes
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK TO unit; RELEASE unit')
      throw error
    }
  })
}

/** Turns a failure into an outcome, unless it took the transaction of all units with it. */
function guarded(database: DatabaseSync, body: () => number): number {
  try {
    return body()
  } catch (error) {
    if (!database.isTransaction) throw error
    return outcomeOf(error)
  }
}

function runStatement(compile: Compile, { text, parameters }: BatchStatement): number {
  return Number(compile(text).run(...parameters).changes)
}

function outcomeOf(error: unknown): number {
  return -1 - failures.indexOf(failureOf(error))
}

function failureOf(error: unknown): Failure {
  const extended = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0
  if (UNIQUE.has(extended)) return 'unique'
  return PRIMARY_CODES[extended & 0xff] ?? 'failed'
}

/** SQLITE_CONSTRAINT_PRIMARYKEY, _UNIQUE, _ROWID: https://sqlite.org/rescode.html */
const UNIQUE = new Set([1555, 2067, 2579])
const PRIMARY_CODES: Readonly<Record<number, Failure>> = {
  5: 'busy',
  6: 'busy',
  10: 'io',
  13: 'full',
  19: 'constraint',
}
const BUSY = -1 - failures.indexOf('busy')
