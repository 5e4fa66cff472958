import {
  policyPaths as paths,
  policyStatusSchema,
  replaySchema,
  type PolicyHandlers,
} from '../admin/policy-api.ts'
import type { Asked, ControlCall } from './control-call.ts'

/** The same questions over the control socket. Every call throws `ControlError`. */
export type PolicyClient = { readonly [Name in keyof PolicyHandlers]: Asked<PolicyHandlers[Name]> }

/** Asks a running server about its policies. */
export function createPolicyClient(call: ControlCall): PolicyClient {
  return {
    status: () => call(policyStatusSchema, paths.status),
    rollback: (revision) =>
      call(
        policyStatusSchema,
        revision === undefined ? paths.rollback : `${paths.rollback}?revision=${revision}`,
        'POST',
      ),
    shadow: () => call(replaySchema, paths.shadow),
    simulate: (policies) =>
      call(replaySchema, `${paths.simulate}?policies=${encodeURIComponent(policies)}`, 'POST'),
  }
}
