import type { FieldEdit, RequestEdits } from '../model/adapter.ts'
import type { Randomness } from '../model/clock.ts'
import type { FieldName, Form } from '../model/metadata.ts'
import { inRandomOrder, wholeBuckets } from './choose.ts'
import type { GrantedPlan } from './plan.ts'

/** What the edits of a request need beside the plan. */
export interface EditTools {
  readonly randomness: Randomness
  /** The user URI that stands for a reporter in a form. The same one where it is in that form already. */
  readonly rename: (user: string, form: Form) => string
}

/** The transforms of requests. Each adds what it edits, so that its identity adds nothing. */
export interface RequestTransforms {
  readonly showReporter: RequestTransform
  readonly showNote: RequestTransform
  readonly showKeyPackages: RequestTransform
  readonly dropUnknown: RequestTransform
}

type RequestTransform = (edits: RequestEdits, plan: GrantedPlan, tools: EditTools) => RequestEdits

/** What the gateway writes into a request so that it shows what the plan shows. */
export function requestEdits(
  plan: GrantedPlan,
  tools: EditTools,
  use: RequestTransforms,
): RequestEdits {
  const steps = [use.showReporter, use.showNote, use.showKeyPackages, use.dropUnknown]
  return steps.reduce<RequestEdits>((edits, step) => step(edits, plan, tools), NO_EDITS)
}

/** Who reports: nobody, or under a pseudonym. */
export function showReporter(
  edits: RequestEdits,
  plan: GrantedPlan,
  { rename }: EditTools,
): RequestEdits {
  const form = editedForm(plan, 'report.reporter')
  switch (form) {
    case undefined:
    case 'exact':
      return edits
    case 'absent':
    // A reporter has no bucket.
    case 'bucket':
      return withEdit(edits, 'report.reporter', DROP)
    case 'pseudonym-epoch':
    case 'pseudonym-room':
    case 'pseudonym-peer':
      return withEdit(edits, 'report.reporter', {
        kind: 'rename',
        rename: (user) => rename(user, form),
      })
  }
}

/** The note of a report. */
export function showNote(edits: RequestEdits, plan: GrantedPlan): RequestEdits {
  const form = editedForm(plan, 'report.note')
  return form === undefined || form === 'exact' ? edits : withEdit(edits, 'report.note', DROP)
}

/** The KeyPackages of a grant: none, or whole buckets of them. Whoever sees them sees capabilities. */
export function showKeyPackages(
  edits: RequestEdits,
  plan: GrantedPlan,
  { randomness }: EditTools,
): RequestEdits {
  const form = editedForm(plan, 'client.list')
  if (form === undefined) return edits
  const capabilities = editedForm(plan, 'client.capabilities') ?? 'exact'
  if (form === 'absent' || capabilities === 'absent') return withEdit(edits, 'client.list', DROP)
  if (form === 'exact') return edits
  const width = plan.request['client.list']?.width
  return withEdit(edits, 'client.list', {
    kind: 'choose',
    choose: (entries) =>
      entries.length === 0 ? entries : wholeBuckets(inRandomOrder(entries, randomness), width),
  })
}

/** Extension components that no field stands for do not pass. */
export function dropUnknown(edits: RequestEdits): RequestEdits {
  return { ...edits, dropsUnknown: true }
}

function editedForm({ request }: GrantedPlan, field: FieldName): Form | undefined {
  const cell = request[field]
  return cell?.enforcement === 'edited' ? cell.shown : undefined
}

function withEdit(edits: RequestEdits, field: FieldName, edit: FieldEdit): RequestEdits {
  return { ...edits, fields: new Map([...edits.fields, [field, edit]]) }
}

const DROP: FieldEdit = { kind: 'drop' }
const NO_EDITS: RequestEdits = { fields: new Map(), dropsUnknown: false }
