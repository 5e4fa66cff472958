import type { FieldDeclaration } from '../model/adapter.ts'
import type { Operation } from '../model/exchange.ts'
import {
  compareForms,
  type Audience,
  type Enforcement,
  type FieldName,
  type Form,
  type Purpose,
} from '../model/metadata.ts'
import { suiteEntry, type Suite, type SuiteEntry } from './suite.ts'

/** What the operator's policies allow for one field. */
export interface Permission {
  /** The most exposing form that is permitted; `absent` where none is. */
  readonly form: Form
  /** The policies that permit this form. */
  readonly policies: readonly string[]
  /** The policies that forbid the clearer forms; empty where only a permit is missing. */
  readonly withheldBy: readonly string[]
}

export interface PlanInput {
  readonly suite: Suite
  readonly purpose: Purpose
  /** Those of one operation and one audience, of both parts. */
  readonly declarations: readonly FieldDeclaration[]
  readonly permitted: (field: FieldName) => Permission
}

/** How one field leaves in one part of an exchange. */
export interface PlanCell {
  readonly part: FieldDeclaration['part']
  readonly field: FieldName
  /** The form in which the gateway shows it. */
  readonly shown: Form
  /** The bounds for `checked` fields, whose bytes the gateway can only accept or refuse. */
  readonly least: Form
  readonly most: Form
  /** Of the bucket, in the field's unit; undefined for other forms and for labels. */
  readonly width: number | undefined
  readonly enforcement: Enforcement
  readonly policies: readonly string[]
}

type CellsByField = Readonly<Partial<Record<FieldName, PlanCell>>>

export interface GrantedPlan {
  readonly kind: 'granted'
  readonly suite: Suite
  readonly cells: readonly PlanCell[]
  /** The same cells by part and field, for the hot path. */
  readonly request: CellsByField
  readonly response: CellsByField
  /** All deciding policies, sorted, each once. */
  readonly policies: readonly string[]
}

/** Why a field cannot be shown as its suite or the protocol demands. */
type PlanRefusalReason =
  | {
      readonly kind: 'suite'
      readonly suite: string
      readonly audience: Audience
      readonly ceiling: Form
    }
  | { readonly kind: 'protocol'; readonly suite: string; readonly carries: Form }
  | { readonly kind: 'policy'; readonly policies: readonly string[] }

export interface RefusedPlan {
  readonly kind: 'refused'
  readonly field: FieldName
  readonly part: FieldDeclaration['part']
  /** The least form that would have been needed. */
  readonly needed: Form
  readonly reason: PlanRefusalReason
}

export type Plan = GrantedPlan | RefusedPlan

/**
 * A suite, the wire floors of one operation and the operator's policies as one frozen row:
 * `may = min(ceiling, permitted)`, refused below `max(floor, wireFloor)`; a required field shows its
 * least form, an optional one as far as it may.
 */
export function computePlan(input: PlanInput): Plan {
  const cells: PlanCell[] = []
  for (const declaration of input.declarations) {
    const cell = computeCell(input, declaration)
    if ('reason' in cell) return cell
    cells.push(cell)
  }
  return Object.freeze({
    kind: 'granted',
    suite: input.suite,
    cells: Object.freeze(cells),
    request: byField(cells, 'request'),
    response: byField(cells, 'response'),
    policies: Object.freeze([...new Set(cells.flatMap((cell) => cell.policies))].toSorted()),
  })
}

/** Whether bytes that show a field in `form` are within the plan. */
export function withinCell(cell: PlanCell, form: Form): boolean {
  return compareForms(form, cell.least) >= 0 && compareForms(form, cell.most) <= 0
}

/** The purpose of an exchange towards an audience. */
export function purposeOf(operation: Operation, audience: Audience): Purpose {
  if (audience === 'archive') return 'compliance'
  return operation === 'reportAbuse' ? 'moderation' : 'delivery'
}

function computeCell(input: PlanInput, declaration: FieldDeclaration): PlanCell | RefusedPlan {
  const { field, part, audience, wireFloor, carries, enforcement } = declaration
  const entry = suiteEntry(input.suite, field, audience)
  const [floor, ceiling] = intervalFor(entry, input.purpose)
  const least = more(floor, wireFloor)
  const refused = (reason: PlanRefusalReason): RefusedPlan =>
    Object.freeze({ kind: 'refused', field, part, needed: least, reason })
  const suite = input.suite.name
  if (compareForms(ceiling, least) < 0) return refused({ kind: 'suite', suite, audience, ceiling })
  if (compareForms(carries, least) < 0) return refused({ kind: 'protocol', suite, carries })
  // Where nothing can be shown no policy is asked.
  const reachable = less(ceiling, carries)
  const permission = reachable === 'absent' ? NOTHING : input.permitted(field)
  const may = less(reachable, permission.form)
  if (compareForms(may, least) < 0)
    return refused({ kind: 'policy', policies: permission.withheldBy })
  const takesLeast = floor !== 'absent' || input.suite.shows === 'least'
  const shown = takesLeast ? least : may
  return Object.freeze({
    part,
    field,
    shown,
    // What was signed may show less than the protocol by itself can express, but not less than is needed.
    least: enforcement === 'checked' ? floor : least,
    most: input.suite.shows === 'least' ? least : may,
    width: shown === 'bucket' ? entry?.width : undefined,
    enforcement,
    policies: shown === 'absent' ? permission.withheldBy : permission.policies,
  })
}

function intervalFor(entry: SuiteEntry | undefined, purpose: Purpose): readonly [Form, Form] {
  if (entry === undefined || !entry.purposes.includes(purpose)) return ['absent', 'absent']
  return [entry.floor, entry.ceiling]
}

function byField(cells: readonly PlanCell[], part: FieldDeclaration['part']): CellsByField {
  return Object.freeze(
    Object.fromEntries(
      cells.filter((cell) => cell.part === part).map((cell) => [cell.field, cell]),
    ),
  )
}

function more(a: Form, b: Form): Form {
  return compareForms(a, b) >= 0 ? a : b
}

function less(a: Form, b: Form): Form {
  return compareForms(a, b) <= 0 ? a : b
}

const NOTHING: Permission = { form: 'absent', policies: [], withheldBy: [] }
