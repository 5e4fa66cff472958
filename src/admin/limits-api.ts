import { z } from 'zod'
import { operations } from '../model/exchange.ts'
import { senderTiers } from '../model/sender-tier.ts'

// What goes over the control socket about limits.

const modeSchema = z.enum(['enforce', 'shadow'])

/** One limit in force. */
const limitSchema = z.strictObject({
  name: z.string(),
  per: z.string(),
  mode: modeSchema,
  perSecond: z.number(),
  burst: z.number(),
  cost: z.number(),
  counts: z.enum(['units', 'requests']),
  /** Whether a peer may be told how much of it is left. */
  told: z.boolean(),
  /** How often it has refused since the start, and how often it would have in shadow. */
  refused: z.number(),
  shadowed: z.number(),
})

export const limitsListSchema = z.strictObject({
  limits: z.array(limitSchema),
  costs: z.strictObject({
    operations: z.record(z.enum(operations), z.number()),
    octetsPerUnit: z.number(),
  }),
  /** Providers that have less than the whole of their own budgets. */
  standings: z.array(
    z.strictObject({
      provider: z.string(),
      /** What part they have. */
      factor: z.number(),
      /** Over the last 30 days. */
      admissions: z.number(),
      strikes: z.number(),
    }),
  ),
  store: z.strictObject({
    kind: z.enum(['memory', 'redis']),
    degraded: z.boolean(),
    buckets: z.number(),
    evictions: z.number(),
    fallbacks: z.number(),
  }),
})
export type LimitsList = z.infer<typeof limitsListSchema>

/** Whose exchange is asked about. */
export const limitsQuestionSchema = z.strictObject({
  operation: z.enum(operations),
  /** Without one: our own delivery service. */
  peer: z.string().max(253).optional(),
  room: z.string().max(1_024).optional(),
  /** Or the requester. */
  sender: z.string().max(1_024).optional(),
  target: z.string().max(1_024).optional(),
  tier: z.enum(senderTiers).default('identified'),
  /** Of the body, in octets. */
  size: z.coerce.number().int().min(0).max(1_073_741_824).default(0),
})
export type LimitsQuestion = z.infer<typeof limitsQuestionSchema>

/** A rung of the ladder as it stands. */
const rungSchema = z.strictObject({
  limit: z.string(),
  mode: modeSchema,
  verdict: z.enum(['allows', 'limits', 'unknown']),
  /** 0 where it only looks. */
  cost: z.number(),
  perSecond: z.number(),
  burst: z.number(),
  left: z.number().optional(),
  retryAfterMs: z.number().optional(),
})

export const limitsAnswerSchema = z.strictObject({
  /** In their order. */
  rungs: z.array(rungSchema),
})
export type LimitsAnswer = z.infer<typeof limitsAnswerSchema>

/** What the gateway lets its operator ask about limits. */
export interface LimitHandlers {
  readonly list: () => LimitsList
  /** Throws `invalid-domain`, `invalid-uri`. */
  readonly explain: (question: LimitsQuestion) => Promise<LimitsAnswer>
}

/** Paths of the control socket. */
export const limitPaths = {
  list: '/control/v1/limits',
  explain: '/control/v1/limits/explain',
} as const
