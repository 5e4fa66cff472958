import type { GrantedPlan } from '../metadata/plan.ts'
import type { Operation } from '../model/exchange.ts'
import type { Audience, FieldName, Form } from '../model/metadata.ts'
import type { ExchangeCount } from './receipt.ts'

/** One part of an exchange that passed between us and another provider. */
export interface Passed {
  readonly kind: ExchangeCount['kind']
  readonly peer: string
  /** Id of the agreement; undefined under the operator's own list for the peer. */
  readonly agreement: string | undefined
  readonly operation: Operation
  readonly part: ExchangeCount['part']
  readonly audience: Exclude<Audience, 'archive'>
  /** The plan under which it passed: the same object for the same plan. */
  readonly plan: GrantedPlan
  /** The form of a field in these bytes where it can be another than that of the plan. */
  readonly observed: Readonly<Partial<Record<FieldName, Form>>>
}

/** The forms in which it showed its fields; what it did not show is left out. */
export function formsShown({ plan, part, observed }: Passed): Readonly<Record<string, Form>> {
  const shown: Record<string, Form> = {}
  for (const cell of plan.cells) {
    const form = cell.part === part ? (observed[cell.field] ?? cell.shown) : 'absent'
    if (form !== 'absent') shown[cell.field] = form
  }
  return shown
}

/** Whether two parts of exchanges under one plan differ in no field that was observed. */
export function areAlike(one: Passed, other: Passed): boolean {
  return agree(one.observed, other.observed)
}

/** On the hot path: no list is made of the fields. */
function agree(one: ByName, other: ByName): boolean {
  let extra = 0
  for (const field in other) if (Object.hasOwn(other, field)) extra += 1
  for (const field in one) {
    if (!Object.hasOwn(one, field)) continue
    if (one[field] !== other[field]) return false
    extra -= 1
  }
  return extra === 0
}

type ByName = Readonly<Record<string, Form | undefined>>
