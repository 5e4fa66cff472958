import { GatewayError } from '../../model/errors.ts'
import { parseSanctionId, type Sanction, type SanctionPort } from '../../model/sanctions.ts'
import { textColumn } from '../../sqlite/row.ts'
import type { Statement, Store } from '../../sqlite/store.ts'

/** Writes sanctions with the decision that makes them: whatever ends the process, they are carried out. */
export function toApply(decision: string, sanctions: readonly Sanction[]): readonly Statement[] {
  return sanctions.map((sanction, position) => [
    INSERT,
    [sanction.id, decision, position, JSON.stringify(sanction)],
  ])
}

/** Takes back every sanction of a decision, whether it has been handed on or not. */
export function toUndo(decision: string): Statement {
  return [UNDO, [decision]]
}

/** Sanctions of a decision as they were emitted, with how far that has come. */
export function sanctionsOf(
  store: Store,
  decision: string,
): readonly { readonly sanction: Sanction; readonly emission: string }[] {
  return store.all(OF_DECISION, [decision]).map((row) => {
    const sanction: Sanction = JSON.parse(textColumn(row, 'body'))
    return { sanction, emission: textColumn(row, 'state') }
  })
}

/** Hands sanctions on to whoever carries them out. */
export interface SanctionOutbox {
  /**
   * Hands on what waits. What fails for now stays for the next time; what can never work is marked
   * `failed`. Resolves to how many were handed on.
   */
  flush(): Promise<number>
}

/** INVARIANT: one sanction at a time, so that what is being applied is undone only afterwards. */
export function createSanctionOutbox(store: Store, port: SanctionPort): SanctionOutbox {
  let last: Promise<unknown> = Promise.resolve()
  return {
    flush: () => {
      const run = last.then(() => handOn(store, port))
      last = run.catch(() => {})
      return run
    },
  }
}

async function handOn(store: Store, port: SanctionPort): Promise<number> {
  let handed = 0
  for (const row of store.all(WAITING, [BATCH_ROWS])) {
    const [id, state] = [textColumn(row, 'id'), textColumn(row, 'state')]
    const next =
      state === 'to-undo' ? await undo(port, id) : await apply(port, textColumn(row, 'body'))
    if (next === undefined) continue
    // The decision may have been taken back meanwhile: then the row waits to be undone.
    await store.write(SETTLE, [next, id, state])
    handed += 1
  }
  return handed
}

async function apply(port: SanctionPort, body: string): Promise<string | undefined> {
  try {
    const sanction: Sanction = JSON.parse(body)
    await port.apply(sanction)
    return 'applied'
  } catch (error) {
    return hopelessOr(error, 'failed')
  }
}

/** What was never applied, or is undone already, needs no undoing. */
async function undo(port: SanctionPort, id: string): Promise<string | undefined> {
  try {
    await port.undo(parseSanctionId(id))
    return 'undone'
  } catch (error) {
    return hopelessOr(error, 'undone')
  }
}

function hopelessOr(error: unknown, state: string): string | undefined {
  if (!(error instanceof GatewayError)) throw error
  return HOPELESS.has(error.code) ? state : undefined
}

const HOPELESS: ReadonlySet<string> = new Set(['room-unknown', 'not-found', 'malformed-request'])
const BATCH_ROWS = 1_000
const INSERT = `INSERT INTO case_sanctions (id, decision, position, state, body)
  VALUES (?, ?, ?, 'to-apply', ?)`
const UNDO = `UPDATE case_sanctions SET state = 'to-undo'
  WHERE decision = ? AND state IN ('to-apply', 'applied')`
const OF_DECISION = `SELECT body, state FROM case_sanctions WHERE decision = ? ORDER BY position`
const WAITING = `SELECT id, state, body FROM case_sanctions
  WHERE state IN ('to-apply', 'to-undo') ORDER BY state, decision, position LIMIT ?`
const SETTLE = `UPDATE case_sanctions SET state = ? WHERE id = ? AND state = ?`
