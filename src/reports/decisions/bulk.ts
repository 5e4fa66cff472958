import { GatewayError } from '../../model/errors.ts'
import { textColumn } from '../../sqlite/row.ts'
import type { Access } from '../cases/access.ts'
import { caseOf } from '../cases/case-log.ts'
import type { CaseParts } from '../cases/case-parts.ts'
import { holderAt, isHeldBy, phaseAt } from '../cases/case-state.ts'
import type { Leases } from '../cases/leases.ts'
import { newSortedId } from '../report-id.ts'
import type { Actor } from '../cases/team.ts'
import { checkForm, type DecisionForm } from './decision-form.ts'
import { sanctionsFor, type Decisions } from './decisions.ts'
import { restrictionOf, type Restriction } from './statement.ts'

/** What a decision about many cases does, or would do, to each. */
export interface BulkLine {
  readonly case: string
  /** A code where nothing is done to this case. */
  readonly result: 'decided' | 'proposed' | 'undone' | 'possible' | { readonly code: string }
  readonly subject: string | undefined
  readonly reporters: number | undefined
  readonly restrictions: readonly Restriction[]
}

export interface BulkResult {
  /** Takes all of it back; undefined for a preview. */
  readonly bulk: string | undefined
  readonly lines: readonly BulkLine[]
}

/** One form for many cases. */
export interface Bulk {
  /** What `decide` would do now, case by case; nothing is changed. Throws `decision-invalid`. */
  preview(actor: Actor, ids: readonly string[], form: DecisionForm): BulkResult
  /**
   * Claims and decides each; a case that cannot be decided does not hinder the others. Throws
   * `decision-invalid`.
   */
  decide(actor: Actor, ids: readonly string[], form: DecisionForm): Promise<BulkResult>
  /** Takes back every decision of one bulk that still holds. Throws `not-found`. */
  undo(actor: Actor, bulk: string, note: string): Promise<BulkResult>
}

interface BulkParts {
  readonly access: Access
  readonly leases: Leases
  readonly decisions: Decisions
}

export function createBulk(parts: CaseParts, { access, leases, decisions }: BulkParts): Bulk {
  const { store, clock, randomness } = parts
  return {
    preview: (actor, ids, form) => ({
      bulk: undefined,
      lines: bounded(ids, form).map((id) => previewLine(parts, access, { actor, id, form })),
    }),
    decide: async (actor, ids, form) => {
      const bulk = newSortedId('bulk', clock(), randomness)
      const lines: BulkLine[] = []
      for (const id of bounded(ids, form))
        lines.push(
          await attempt(id, async () => {
            const wasHeld = isHeldBy(caseOf(store, id).state, actor.name, clock())
            const claimed = await leases.claim(actor, id)
            try {
              const { row, state } = await decisions.decide(actor, id, { form, bulk })
              const about = { subject: row.subject, reporters: claimed.row.reporters }
              const result = state.phase === 'proposed' ? 'proposed' : 'decided'
              return { case: id, result, ...about, restrictions: [] }
            } catch (error) {
              if (!wasHeld) await giveBack(leases, actor, id)
              throw error
            }
          }),
        )
      return { bulk, lines }
    },
    undo: async (actor, bulk, note) => {
      const rows = store.all(OF_BULK, [bulk])
      if (rows.length === 0) throw new GatewayError('not-found')
      const lines: BulkLine[] = []
      for (const row of rows) {
        const id = textColumn(row, 'case_id')
        const back = { note, decision: textColumn(row, 'id') }
        const isProposal = textColumn(row, 'state') === 'proposed'
        lines.push(
          await attempt(id, async () => {
            const known = isProposal
              ? await decisions.reject(actor, id, back)
              : await decisions.undo(actor, id, back)
            const { subject, reporters } = known.row
            return { case: id, result: 'undone', subject, reporters, restrictions: [] }
          }),
        )
      }
      return { bulk, lines }
    },
  }
}

function bounded(ids: readonly string[], form: DecisionForm): readonly string[] {
  checkForm(form)
  if (ids.length > CASES_MAX)
    throw new GatewayError('decision-invalid', { facts: { reason: 'too-many-cases' } })
  return [...new Set(ids)]
}

function previewLine(
  parts: CaseParts,
  access: Access,
  { actor, id, form }: { readonly actor: Actor; readonly id: string; readonly form: DecisionForm },
): BulkLine {
  try {
    const known = caseOf(parts.store, id)
    access.demand(actor, 'claim', known)
    const atMs = parts.clock()
    const holder = holderAt(known.state, atMs)
    if (holder !== undefined && holder !== actor.name) throw new GatewayError('case-claimed')
    const phase = phaseAt(known.state, atMs)
    if (phase !== 'open' && phase !== 'claimed')
      throw new GatewayError('case-state', { facts: { state: phase } })
    const { subject, reporters } = known.row
    const sanctions = sanctionsFor(parts, form, { known, decision: 'preview', atMs })
    const restrictions = sanctions.map((sanction) => restrictionOf(sanction))
    return { case: id, result: 'possible', subject, reporters, restrictions }
  } catch (error) {
    return refusedLine(id, error)
  }
}

/** What could not be decided must not stay claimed; where that fails as well, the lease runs out. */
async function giveBack(leases: Leases, actor: Actor, id: string): Promise<void> {
  try {
    await leases.release(actor, id, 'not decided')
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
  }
}

async function attempt(id: string, work: () => Promise<BulkLine>): Promise<BulkLine> {
  try {
    return await work()
  } catch (error) {
    return refusedLine(id, error)
  }
}

function refusedLine(id: string, error: unknown): BulkLine {
  if (!(error instanceof GatewayError) || error.code === 'store-unavailable') throw error
  return {
    case: id,
    result: { code: error.code },
    subject: undefined,
    reporters: undefined,
    restrictions: [],
  }
}

const CASES_MAX = 500
const OF_BULK = `SELECT id, case_id, state FROM case_decisions
  WHERE bulk = ? AND state <> 'superseded' ORDER BY id`
