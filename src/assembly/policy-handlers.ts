import { createPolicyHandlers } from '../admin/policy-handlers.ts'
import type { PolicyHandlers } from '../admin/policy-api.ts'
import type { PipelineParts } from '../pipeline/parts.ts'
import { policySource, type Config } from '../settings/config.ts'
import type { Log } from '../signals/log.ts'
import { policiesChanged, readPolicySet } from './policy-source.ts'
import type { Requirements } from './requirements.ts'

export interface PolicyHandlersParts {
  readonly parts: PipelineParts
  readonly requirements: Requirements
  readonly config: () => Config
  readonly log: Log
}

/** What the operator may ask and do about the policies of a running gateway. */
export function policyHandlers(control: PolicyHandlersParts): PolicyHandlers {
  const { parts, requirements, config, log } = control
  return createPolicyHandlers({
    policies: parts.policies,
    declarations: parts.adapter.declarations,
    read: (argument) => readPolicySet(policySource(argument, String), parts),
    onRollback: async (set) => {
      policiesChanged({ ...parts, log }, 'rolled-back', set)
      await requirements.reconfigure(config())
    },
  })
}
