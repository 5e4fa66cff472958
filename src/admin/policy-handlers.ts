import type { FieldDeclaration } from '../model/adapter.ts'
import { GatewayError } from '../model/errors.ts'
import type { PolicyHolder, PolicySet } from '../policy/policy-holder.ts'
import { replay } from '../policy/replay.ts'
import type { PolicyHandlers, PolicySetView, ReplayView } from './policy-api.ts'

export interface PolicyHandlersOptions {
  readonly policies: PolicyHolder
  readonly declarations: readonly FieldDeclaration[]
  /** Loads and verifies what an operator names; nothing takes effect. Throws `policy-invalid`. */
  readonly read: (policies: string) => Promise<PolicySet>
  /** What we advertise follows from the policies. */
  readonly onRollback: (set: PolicySet) => Promise<void>
}

/** Policies in force, as the control socket shows them. */
export function createPolicyHandlers(options: PolicyHandlersOptions): PolicyHandlers {
  const { policies, declarations, read, onRollback } = options
  const status = () => {
    const shadow = policies.shadow()
    return {
      sets: policies.sets().map(viewOf),
      ...(shadow !== undefined && { shadow: viewOf(shadow) }),
    }
  }
  const replayed = async ({ engine }: PolicySet): Promise<ReplayView> => {
    const { changes, ...sums } = await replay(policies.current().recorded(), engine, declarations)
    return {
      revision: engine.revision,
      ...sums,
      changes: changes.map(({ audience, policies: deciding, ...change }) => ({
        ...change,
        ...(audience !== undefined && { audience }),
        policies: [...deciding],
      })),
    }
  }
  return {
    status,
    rollback: async (revision) => {
      await onRollback(policies.rollback(revision))
      return status()
    },
    shadow: () => {
      const shadow = policies.shadow()
      if (shadow === undefined) throw new GatewayError('not-found')
      return replayed(shadow)
    },
    simulate: async (argument) => replayed(await read(argument)),
  }
}

function viewOf({ engine, bundle, policies, loadedAtMs }: PolicySet): PolicySetView {
  return {
    revision: engine.revision,
    ...(bundle !== undefined && { bundle }),
    policies,
    loadedAtMs,
  }
}
