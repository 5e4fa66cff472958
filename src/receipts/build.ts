import { z } from 'zod'
import { fieldList } from '../metadata/fields.ts'
import { canonicalJson } from '../metadata/requirements/strict-json.ts'
import { operations } from '../model/exchange.ts'
import { forms, type Form } from '../model/metadata.ts'
import { formsShown, type Passed } from './passed.ts'
import type { ExchangeCount, TermCount } from './receipt.ts'
import type { SuitePlan } from './suite-plan.ts'

/** Parts of exchanges that are alike in all that a receipt says of them; both are canonical JSON. */
export interface Alike {
  readonly terms: string
  readonly shape: string
}

export interface CountedAlike extends Alike {
  readonly count: number
}

/** What a receipt will say of a part of an exchange. */
export function alike(passed: Passed, { suiteDigest, digest }: SuitePlan): Alike {
  const { kind, agreement = null, operation, part, audience, plan } = passed
  return {
    terms: canonicalJson({
      agreement,
      suite: plan.suite.code,
      suiteDigest,
      planDigest: digest,
    } satisfies Omit<TermCount, 'exchanges'>),
    shape: canonicalJson({ kind, operation, part, audience, forms: formsShown(passed) }),
  }
}

/** The terms of a receipt, in an order that says nothing of the one in which anything passed. */
export function termsOf(counted: readonly CountedAlike[]): TermCount[] {
  const byTerms = Map.groupBy(counted, ({ terms }) => terms)
  return [...byTerms].toSorted(byKey).map(([terms, rows]) => ({
    ...termsSchema.parse(JSON.parse(terms)),
    exchanges: exchangesOf(rows),
  }))
}

function exchangesOf(counted: readonly CountedAlike[]): ExchangeCount[] {
  const rows = counted.map(({ shape, count }) => ({
    ...shapeSchema.parse(JSON.parse(shape)),
    count,
  }))
  const bySort = Map.groupBy(rows, ({ kind, operation, part, audience }) =>
    canonicalJson([kinds.indexOf(kind), operations.indexOf(operation), part, audience]),
  )
  return [...bySort].toSorted(byKey).flatMap(([, same]) => {
    const [first] = same
    if (first === undefined) return []
    const { kind, operation, part, audience } = first
    const count = same.reduce((sum, row) => sum + row.count, 0)
    return [{ kind, operation, part, audience, count, fields: fieldsOf(same) }]
  })
}

function fieldsOf(rows: readonly (Shape & { readonly count: number })[]): ExchangeCount['fields'] {
  return fieldList.flatMap(({ name: field }) => {
    const totals = new Map<Form, number>()
    for (const { forms: shown, count } of rows) {
      const form = shown[field] ?? 'absent'
      totals.set(form, (totals.get(form) ?? 0) + count)
    }
    return shownForms.flatMap((form) => {
      const count = totals.get(form)
      return count === undefined ? [] : [{ field, form, count }]
    })
  })
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}

const kinds = ['shown', 'unanswered', 'received'] as const
const termsSchema = z.strictObject({
  agreement: z.string().nullable(),
  suite: z.int(),
  suiteDigest: z.string(),
  planDigest: z.string(),
})
const shapeSchema = z.strictObject({
  kind: z.enum(kinds),
  operation: z.enum(operations),
  part: z.enum(['request', 'response']),
  audience: z.enum(['hub', 'follower', 'target']),
  forms: z.partialRecord(z.enum(fieldList.map(({ name }) => name)), z.enum(forms)),
})
type Shape = z.infer<typeof shapeSchema>
const shownForms = forms.filter((form) => form !== 'absent')
