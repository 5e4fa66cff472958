import { compareForms, type FieldName, type Form } from '../model/metadata.ts'
import { fields } from './fields.ts'
import type { GrantedPlan, PlanCell } from './plan.ts'

/** A value together with the form in which the gateway has it. */
export interface Shown {
  readonly form: Form
  readonly value: string | number
}

export type ShownValues = Readonly<Partial<Record<FieldName, Shown>>>

/** The pseudonym of a value in a form of its own purpose and place. */
export type Rename = (value: string, form: Form) => string

/**
 * The values as the plan for the archive shows them: numbers in the upper end of their bucket, names
 * under a pseudonym, and nothing in a clearer form than planned. `undefined` for a refused plan.
 */
export function showInJournal(
  values: ShownValues,
  plan: GrantedPlan | undefined,
  rename: Rename,
): ShownValues {
  if (plan === undefined) return NOTHING
  const kept: Partial<Record<FieldName, Shown>> = {}
  for (const cell of plan.cells) {
    const value = values[cell.field]
    const shown = value === undefined ? undefined : lowered(value, cell, rename)
    if (shown !== undefined) kept[cell.field] = shown
  }
  return kept
}

/** How an exchange ended; where the archive may not see it, only that it ended. */
export function showOutcome(outcome: string, masked: string): string {
  return outcome === masked ? outcome : masked
}

/** The other provider; empty where the archive may not see it, or where no plan says so. */
export function showPeer(peer: string, cell: PlanCell | undefined): string {
  return cell?.shown === 'exact' ? peer : ''
}

/**
 * When it happened: no finer than the time of the message it was. Where the archive may not see even
 * that, the day, so that it can be deleted when it is due.
 */
export function showEventTime(atMs: number, cell: PlanCell | undefined, hasPlan: boolean): number {
  if (hasPlan && (cell === undefined || cell.shown === 'exact')) return atMs
  const width = cell?.shown === 'bucket' ? (cell.width ?? DAY_MS) : DAY_MS
  return atMs - (atMs % width)
}

function lowered(value: Shown, cell: PlanCell, rename: Rename): Shown | undefined {
  const { shown, width } = cell
  if (shown === 'absent') return undefined
  if (compareForms(value.form, shown) <= 0) return value
  switch (shown) {
    case 'bucket':
      if (typeof value.value !== 'number' || width === undefined) return undefined
      return { form: shown, value: bucketOf(cell, value.value, width) }
    case 'pseudonym-epoch':
    case 'pseudonym-room':
    case 'pseudonym-peer':
      return { form: shown, value: rename(String(value.value), shown) }
    case 'exact':
      return value
  }
}

/** Times go down to the start of their bucket, sizes and counts up to its end. */
function bucketOf({ field }: PlanCell, value: number, width: number): number {
  return fields[field].bucket === 'milliseconds'
    ? value - (value % width)
    : Math.ceil(value / width) * width
}

const DAY_MS = 86_400_000
const NOTHING: ShownValues = Object.freeze({})
