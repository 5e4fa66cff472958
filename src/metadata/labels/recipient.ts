import type { FieldDeclaration } from '../../model/adapter.ts'
import type { Operation } from '../../model/exchange.ts'
import {
  compareForms,
  type Audience,
  type Enforcement,
  type FieldName,
  type Form,
  type Purpose,
} from '../../model/metadata.ts'
import { wireFloor } from '../bare-minimum.ts'
import { fieldList, fields } from '../fields.ts'
import { computePlan, purposeOf, type Plan, type PlanCell } from '../plan.ts'
import { roomTimeWidthMs, suiteEntry, type Suite } from '../suite.ts'
import type { LabelField, LabelRecipient } from './label.ts'

/** One part of an operation that a recipient gets, under one plan. */
export interface Sight {
  readonly operation: Operation
  readonly part: FieldDeclaration['part']
  readonly plan: Plan
  /** Whether the operator's policies admit the operation at all. */
  readonly admitted: boolean
  /** Whether somebody else's gateway shows it: then nobody here holds it to the plan. */
  readonly promised: boolean
}

/** How long a provider keeps what, at most, whatever suite is in force; as in its document. */
export interface StatedRetention {
  readonly deliveryDays: number
  readonly moderationDays: number
  readonly complianceDays: number
}

export interface RecipientInput {
  readonly audience: Audience
  readonly providers: readonly string[]
  readonly suite: Suite
  readonly sights: readonly Sight[]
  /** Of the protocols in use: they say what no provider can help showing. */
  readonly declarations: readonly FieldDeclaration[]
  /** Undefined where nothing is known of it: then the suite alone says how long. */
  readonly retention: StatedRetention | undefined
}

/** What one audience gets: each field once, in the clearest form that any of its plans shows. */
export function labelRecipient(input: RecipientInput): LabelRecipient {
  const { audience, providers, sights } = input
  const rows = fieldList.flatMap(({ name }) => labelField(input, name) ?? [])
  const shown = new Set(rows.map(({ field }) => field))
  return {
    audience,
    providers: [...providers],
    fields: rows,
    withheld: fieldList.flatMap(({ name }) => (shown.has(name) ? [] : [name])),
    refused: refusedIn(sights),
  }
}

/**
 * The plan where only the suite is known: what it permits at most. For what another gateway shows,
 * whose operator's policies nobody else can see.
 */
export function suitePlan(
  suite: Suite,
  declarations: readonly FieldDeclaration[],
  { operation, audience }: { readonly operation: Operation; readonly audience: Audience },
): Plan {
  return computePlan({
    suite,
    purpose: purposeOf(operation, audience),
    declarations: declarations.filter(
      (declared) => declared.operation === operation && declared.audience === audience,
    ),
    permitted: () => ({ form: 'exact', policies: [], withheldBy: [] }),
  })
}

/** Recipients that get the same become one. */
export function joinAlike(recipients: readonly LabelRecipient[]): readonly LabelRecipient[] {
  const alike = new Map<string, LabelRecipient>()
  for (const recipient of recipients) {
    const key = JSON.stringify({ ...recipient, providers: [] })
    const known = alike.get(key)?.providers ?? []
    alike.set(key, { ...recipient, providers: [...known, ...recipient.providers] })
  }
  return [...alike.values()]
}

interface Seen {
  readonly form: Form
  readonly enforcement: Enforcement
  readonly purpose: Purpose
}

function labelField(input: RecipientInput, field: FieldName): LabelField | undefined {
  const seen = input.sights.flatMap((sight) => seenIn(sight, field, input.audience))
  const form = seen.map((one) => one.form).reduce(clearer, 'absent')
  if (form === 'absent') return undefined
  const least = floorIn(input, field)
  const purposes = distinct(seen.map(({ purpose }) => purpose))
  const width = widthOf(input.suite, { field, audience: input.audience, form })
  return {
    field,
    form,
    ...(width !== undefined && { width }),
    wireFloor: least.form,
    ...causeOf(input, { field, form, least }),
    purposes,
    retentionDays: keptDays(input, field, purposes),
    enforcement: distinct(seen.map(({ enforcement }) => enforcement)),
  }
}

/** What a client signed passes up to the upper bound of its cell, everything else as the cell says. */
function seenIn(sight: Sight, field: FieldName, audience: Audience): readonly Seen[] {
  const { operation, part, plan, admitted, promised } = sight
  if (!admitted || plan.kind === 'refused') return []
  return plan.cells
    .filter((cell) => cell.part === part && cell.field === field)
    .map((cell) => ({
      form: clearest(cell),
      enforcement: promised ? ('attested' as const) : cell.enforcement,
      purpose: purposeOf(operation, audience),
    }))
    .filter(({ form }) => form !== 'absent')
}

function clearest({ enforcement, shown, most }: PlanCell): Form {
  return enforcement === 'checked' ? most : shown
}

interface Floor {
  readonly form: Form
  readonly because: string | undefined
}

/** The wire floor of the very operations that the recipient gets. */
function floorIn({ declarations, audience, sights }: RecipientInput, field: FieldName): Floor {
  const declared = declarations.filter((declaration) =>
    sights.some(
      ({ operation, part }) => operation === declaration.operation && part === declaration.part,
    ),
  )
  const form = wireFloor(declared, field, audience)
  const reason = declared.find(
    (declaration) =>
      declaration.field === field &&
      declaration.audience === audience &&
      declaration.wireFloor === form,
  )
  return { form, because: reason?.because }
}

interface Shown {
  readonly field: FieldName
  readonly form: Form
  readonly least: Floor
}

function causeOf(
  { suite, audience }: RecipientInput,
  { field, form, least }: Shown,
): Pick<LabelField, 'cause' | 'because'> {
  if (compareForms(form, least.form) <= 0)
    return { cause: 'protocol', ...(least.because !== undefined && { because: least.because }) }
  const floor = suiteEntry(suite, field, audience)?.floor ?? 'absent'
  return { cause: compareForms(floor, form) >= 0 ? 'suite' : 'policies' }
}

function widthOf(
  suite: Suite,
  { field, audience, form }: { field: FieldName; audience: Audience; form: Form },
): number | undefined {
  if (form !== 'bucket' || fields[field].bucket === 'label') return undefined
  if (field === 'message.time' && audience === 'follower') return roomTimeWidthMs(suite)
  return suiteEntry(suite, field, audience)?.width
}

function keptDays(
  { suite, audience, retention }: RecipientInput,
  field: FieldName,
  purposes: readonly Purpose[],
): number {
  const permitted = suiteEntry(suite, field, audience)?.retentionDays ?? 0
  if (retention === undefined) return permitted
  return Math.min(permitted, Math.max(...purposes.map((purpose) => retention[STATED[purpose]])))
}

/** Refused to everybody from whom it could come. */
function refusedIn(sights: readonly Sight[]): LabelRecipient['refused'] {
  const passes = ({ plan, admitted }: Sight) => admitted && plan.kind === 'granted'
  const granted = new Set(sights.filter(passes).map(({ operation }) => operation))
  const refused = new Map<Operation, LabelRecipient['refused'][number]>()
  for (const { operation, admitted } of sights)
    if (!granted.has(operation) && !refused.has(operation))
      refused.set(operation, { operation, code: admitted ? 'disclosure-refused' : 'not-admitted' })
  return [...refused.values()]
}

function clearer(a: Form, b: Form): Form {
  return compareForms(a, b) >= 0 ? a : b
}

function distinct<T extends string>(values: readonly T[]): T[] {
  return [...new Set(values)].toSorted()
}

const STATED = {
  delivery: 'deliveryDays',
  moderation: 'moderationDays',
  compliance: 'complianceDays',
} as const satisfies Readonly<Record<Purpose, keyof StatedRetention>>
