import type { FieldDeclaration } from '../model/adapter.ts'
import type { PolicyEngine } from './engine.ts'
import { createPlanTable, type PlanTable } from './plan-table.ts'

/** The policies in force. A request takes `current()` once and finishes on what it began with. */
export interface PolicyHolder {
  current(): PlanTable
  /** One reference changes; plans of the engine before are gone with it. */
  swap(engine: PolicyEngine): void
  /**
   * Loads first and swaps then: whatever `load` throws (`policy-invalid`), the policies in force stay.
   */
  reload(load: () => PolicyEngine): void
}

/** Starts with an engine; the declarations are those of the adapters in use. */
export function createPolicyHolder(
  engine: PolicyEngine,
  declarations: readonly FieldDeclaration[],
): PolicyHolder {
  let table = createPlanTable(engine, declarations)
  const swap = (next: PolicyEngine): void => {
    table = createPlanTable(next, declarations)
  }
  return {
    current: () => table,
    swap,
    reload: (load) => {
      swap(load())
    },
  }
}
