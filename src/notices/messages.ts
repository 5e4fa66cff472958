import { z } from 'zod'
import { domainSchema } from '../metadata/requirements/document.ts'
import { reportCategories } from '../reports/categories.ts'

// The one place that says what gateways tell each other of abuse.

/** What a provider says of a notice that it got. */
export const answerStates = [
  'received',
  'under_review',
  'actioned',
  'no_action',
  'rejected',
  'cannot_verify',
] as const
export type AnswerState = (typeof answerStates)[number]

/** What kind of thing it did. */
export const actionClasses = ['none', 'warning', 'limit', 'suspend', 'terminate'] as const
export type ActionClass = (typeof actionClasses)[number]

/** What the hub asks for. */
export const requestedActions = [
  'none',
  'review_account',
  'block_pseudonym_reissue',
  'preserve',
] as const
export type RequestedAction = (typeof requestedActions)[number]

export const strikeSeverities = ['low', 'medium', 'high'] as const
export type StrikeSeverity = (typeof strikeSeverities)[number]

/** Distinct reporters, so coarse that a count names nobody. */
export const reporterBuckets = ['1', '2-4', '5-9', '10+'] as const
export type ReporterBucket = (typeof reporterBuckets)[number]

const noticeId = z.string().regex(/^[A-Za-z0-9_-]{16,64}$/)
const instant = z.iso.datetime()
const pseudonym = z.string().regex(/^mimi:\/\/[^\s]{1,1000}$/)
const frankingTag = z.string().regex(/^[0-9a-f]{64}$/)
/** A word of the sender's. */
const word = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)
const category = z.enum([...reportCategories, 'unspecified'])
const common = { notice_id: noticeId, from: domainSchema, issued_at: instant }
const subject = {
  subject_pseudonym: pseudonym,
  category,
  /** Until when the hub waits for an answer. */
  answer_by: instant.optional(),
}

const noticeSchema = z.strictObject({
  type: z.literal('notice'),
  ...common,
  ...subject,
  /** HMAC-SHA-256 under a key for this pair of providers, base64url: groups rooms and names none. */
  room_digest: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/)
    .optional(),
  /** An hour or a day in UTC. */
  time_bucket: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}(T\d{2})?$/)
    .optional(),
  verification: z.enum(['frank', 'relay_log', 'mls_signature']),
  distinct_reporters: z.enum(reporterBuckets).optional(),
  hub_action: word.optional(),
  requested_action: z.enum(requestedActions),
  /** Only where routing lets evidence go. */
  franking_tags: z.array(frankingTag).max(20).optional(),
  sealed_evidence: z
    .string()
    .max(49_152)
    .regex(/^[A-Za-z0-9_-]+$/)
    .optional(),
})

const strikeSchema = z.strictObject({
  type: z.literal('strike'),
  ...common,
  ...subject,
  franking_tags: z.array(frankingTag).min(1).max(20),
  severity: z.enum(strikeSeverities),
  /** Where the day of the pseudonym begins, in seconds since 1970. */
  epoch_start: z.int().min(0).multipleOf(86_400),
})

const answerSchema = z.strictObject({
  type: z.literal('answer'),
  ...common,
  in_reply_to: noticeId,
  state: z.enum(answerStates),
  /** Whether the provider's own log knows the message; null where it keeps none. */
  own_log_match: z.boolean().nullable().optional(),
  action_class: z.enum(actionClasses).optional(),
})

const retractSchema = z.strictObject({
  type: z.literal('retract'),
  ...common,
  in_reply_to: noticeId,
  reason: word.optional(),
})

export const messageTypes = ['notice', 'strike', 'answer', 'retract'] as const

/** What passes between gateways, as JSON. docs/notices.md */
export const noticeMessageSchema = z.discriminatedUnion('type', [
  noticeSchema,
  strikeSchema,
  answerSchema,
  retractSchema,
])
export type NoticeMessage = Readonly<z.infer<typeof noticeMessageSchema>>
export type Notice = Readonly<z.infer<typeof noticeSchema>>
export type StrikeNotice = Readonly<z.infer<typeof strikeSchema>>
export type Answer = Readonly<z.infer<typeof answerSchema>>
export type Retract = Readonly<z.infer<typeof retractSchema>>

/** Whether nothing else is to come unless the provider changes its mind. */
export function isFinal(state: AnswerState): boolean {
  return state !== 'received' && state !== 'under_review'
}

/** An instant as it stands in a message. */
export function instantOf(atMs: number): string {
  return new Date(atMs).toISOString()
}
