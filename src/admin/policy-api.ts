import { z } from 'zod'

// What goes over the control socket about policies.

const setSchema = z.strictObject({
  /** SHA-256 of the policies in hexadecimal. */
  revision: z.string(),
  /** The revision of a signed bundle. */
  bundle: z.number().optional(),
  policies: z.number(),
  loadedAtMs: z.number(),
})
export type PolicySetView = z.infer<typeof setSchema>

export const policyStatusSchema = z.strictObject({
  /** The set in force, then those that `rollback` can bring back. */
  sets: z.array(setSchema),
  shadow: setSchema.optional(),
})
export type PolicyStatus = z.infer<typeof policyStatusSchema>

/** What other policies would have made of the requests since those in force took effect. */
export const replaySchema = z.strictObject({
  revision: z.string(),
  requests: z.number(),
  refused: z.number(),
  served: z.number(),
  more: z.number(),
  less: z.number(),
  changes: z.array(
    z.strictObject({
      operation: z.string(),
      peerClass: z.string(),
      audience: z.string().optional(),
      field: z.string(),
      before: z.string(),
      after: z.string(),
      requests: z.number(),
      policies: z.array(z.string()),
    }),
  ),
})
export type ReplayView = z.infer<typeof replaySchema>

/** What the operator may ask and do about policies. Throw `GatewayError`. */
export interface PolicyHandlers {
  readonly status: () => PolicyStatus
  /** Without the beginning of a revision, the set before. */
  readonly rollback: (revision: string | undefined) => Promise<PolicyStatus>
  /** The shadow set against what was asked. Throws `not-found` where there is none. */
  readonly shadow: () => Promise<ReplayView>
  /** The same for a profile, or for files that the server can read. */
  readonly simulate: (policies: string) => Promise<ReplayView>
}

/** Paths of the control socket. */
export const policyPaths = {
  status: '/control/v1/policies',
  rollback: '/control/v1/policies/rollback',
  shadow: '/control/v1/policies/shadow',
  simulate: '/control/v1/policies/simulate',
} as const
