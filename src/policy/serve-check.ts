import { withArchive } from '../metadata/archive.ts'
import { purposeOf, type RefusedPlan } from '../metadata/plan.ts'
import type { FieldDeclaration } from '../model/adapter.ts'
import type { Direction, Operation } from '../model/exchange.ts'
import type { Audience } from '../model/metadata.ts'
import type { PlanRequest, PlanTable } from './plan-table.ts'

export interface UnservedOperation {
  readonly operation: Operation
  readonly direction: Direction
  readonly audience: Audience
  readonly refusal: RefusedPlan
}

/**
 * What of a room's suite the policies refuse towards a peer; empty where all operations can be
 * served. For start-up, before a suite is advertised, where it fills the table too.
 */
export function unservedOperations(
  table: PlanTable,
  declarations: readonly FieldDeclaration[],
  parties: Pick<PlanRequest, 'peer' | 'room'>,
): readonly UnservedOperation[] {
  const asked = new Set<string>()
  return withArchive(declarations).flatMap(({ operation, audience }) => {
    const key = JSON.stringify([operation, audience])
    if (asked.has(key)) return []
    asked.add(key)
    return DIRECTIONS.flatMap((direction) => {
      const purpose = purposeOf(operation, audience)
      const plan = table.look({ ...parties, operation, direction, audience, purpose })
      return plan.kind === 'granted' ? [] : [{ operation, direction, audience, refusal: plan }]
    })
  })
}

const DIRECTIONS = ['ingress', 'egress'] as const satisfies readonly Direction[]
