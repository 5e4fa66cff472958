import { z } from 'zod'
import { webhookEvents, accessEvents } from '../feeds/happenings.ts'

// What goes over the control socket about who is told of cases.

export const feedListSchema = z.strictObject({
  feeds: z.array(
    z.strictObject({
      name: z.string(),
      kind: z.enum(['webhook', 'siem', 'coop']),
      /** Of the last event that it was for. */
      number: z.int(),
      waiting: z.int().describe('Counted up to 10,000.'),
      deadLetters: z.int(),
      lost: z.int().describe('Events that no redrive brings back.'),
      failures: z.int().describe('In a row, up to the last attempt.'),
      status: z.int().optional().describe('What was answered to the last attempt, if it failed.'),
      fault: z.string().optional().describe('A code of ours, where there was no answer.'),
      deliveredAtMs: z.number().optional(),
      pausedUntilMs: z.number().optional(),
    }),
  ),
})
export type FeedList = z.infer<typeof feedListSchema>

export const deadLettersSchema = z.strictObject({
  letters: z.array(
    z.strictObject({
      number: z.int(),
      id: z.string(),
      event: z.enum([...webhookEvents, ...accessEvents, 'test']),
      case: z.string(),
      reason: z.string(),
      status: z.int().optional(),
      diedAtMs: z.number(),
      againAtMs: z.number().optional().describe('Since when it is to be tried again.'),
    }),
  ),
})
export type DeadLetters = z.infer<typeof deadLettersSchema>

export const testSchema = z.strictObject({
  status: z.int().optional().describe('What was answered.'),
  fault: z.string().optional().describe('A code of ours, where there was no answer.'),
})
export type TestResult = z.infer<typeof testSchema>

export const redriveBody = z.strictObject({
  number: z.int().min(1).optional().describe('Only the letter of this number.'),
})
export const redriveSchema = z.strictObject({ redriven: z.int() })
export type Redriven = z.infer<typeof redriveSchema>

export const lettersQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
})

/** Paths of the control socket. */
export const webhookPaths = {
  list: '/control/v1/webhooks',
  dead: '/control/v1/webhooks/:id/dead-letters',
  test: '/control/v1/webhooks/:id/test',
  redrive: '/control/v1/webhooks/:id/redrive',
} as const
