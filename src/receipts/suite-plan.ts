import { createHash } from 'node:crypto'
import { fields } from '../metadata/fields.ts'
import { computePlan, purposeOf, type GrantedPlan, type PlanCell } from '../metadata/plan.ts'
import { canonicalJson } from '../metadata/requirements/strict-json.ts'
import type { Suite } from '../metadata/suite.ts'
import { suiteDigest } from '../metadata/suites.ts'
import type { FieldDeclaration } from '../model/adapter.ts'
import { operations, type Operation } from '../model/exchange.ts'
import { audiences, type Audience } from '../model/metadata.ts'

/**
 * All that a suite and a protocol let other providers see: the plans of an operator whose policies
 * permit everything. Policies only lower it, so it bounds the plan of every gateway, and whoever knows
 * the suite can compute it.
 */
export interface SuitePlan {
  /** SHA-256 of the suite's table, base64url. */
  readonly suiteDigest: string
  /** SHA-256 over the canonical JSON of its cells; base64url. docs/receipts.md */
  readonly digest: string
  /** Undefined for an operation that the suite refuses in any case. */
  plan(operation: Operation, audience: Audience): GrantedPlan | undefined
}

/** The plan of a suite under the declarations of a protocol; computed once per suite. */
export function createSuitePlans(
  declarations: readonly FieldDeclaration[],
): (suite: Suite) => SuitePlan {
  const known = new WeakMap<Suite, SuitePlan>()
  return (suite) => {
    const found = known.get(suite) ?? suitePlan(suite, declarations)
    known.set(suite, found)
    return found
  }
}

function suitePlan(suite: Suite, declarations: readonly FieldDeclaration[]): SuitePlan {
  const plans = new Map<string, GrantedPlan>()
  const cells: object[] = []
  for (const operation of operations)
    for (const audience of audiences) {
      if (audience === 'archive') continue
      const plan = computePlan({
        suite,
        purpose: purposeOf(operation, audience),
        declarations: declarations.filter(
          (declared) => declared.operation === operation && declared.audience === audience,
        ),
        permitted: () => EVERYTHING,
      })
      if (plan.kind === 'refused') continue
      plans.set(`${operation} ${audience}`, plan)
      const inOrder = plan.cells.toSorted(byPartAndCode)
      cells.push(...inOrder.map((cell) => ({ operation, audience, ...bounds(cell) })))
    }
  const table = suiteDigest(suite).toString('base64url')
  const statement = canonicalJson({ suite: suite.code, suiteDigest: table, cells })
  return {
    suiteDigest: table,
    digest: createHash('sha256').update(statement).digest('base64url'),
    plan: (operation, audience) => plans.get(`${operation} ${audience}`),
  }
}

function bounds({ part, field, least, most, enforcement }: PlanCell) {
  return { part, field, least, most, enforcement }
}

function byPartAndCode(a: PlanCell, b: PlanCell): number {
  if (a.part !== b.part) return a.part === 'request' ? -1 : 1
  return fields[a.field].code - fields[b.field].code
}

const EVERYTHING = { form: 'exact', policies: [], withheldBy: [] } as const
