import { z } from 'zod'
import { moderationQueues } from '../policy/moderation/vocabulary.ts'
import { knownMediaTypes } from '../reports/attachments/media-type.ts'

// What goes over the control socket about cases and appeals. Whoever asks says who acts and answers for it.

const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)
const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/)
/** Plain text: it is never read as anything else. */
const note = z.string().max(1_000).default('')
const hex32 = z.string().regex(/^[0-9a-f]{64}$/)
const number = z.number()
const maybe = z.number().optional()

/** Who acts. */
const actor = {
  as: name,
  /** The moderator has shown a second factor. */
  mfa: z.boolean().default(false),
}
const queryActor = { as: name, mfa: z.stringbool().default(false) }
const limit = z.coerce.number().int().min(1).max(500).default(50)

export const listQuery = z.strictObject({
  ...queryActor,
  queue: z.enum(moderationQueues).optional(),
  severity: z.coerce
    .number()
    .pipe(z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3), z.literal(4)]))
    .optional(),
  stage: z.enum(['waiting', 'decided', 'appealed', 'closed']).default('waiting'),
  order: z.enum(['priority', 'deadline']).default('priority'),
  mine: z.stringbool().default(false),
  after: z.string().max(256).optional(),
  limit,
})
export const actorQuery = z.strictObject(queryActor)
export const evidenceBody = z.strictObject({ ...actor, report: id.optional() })
/** Of a message in its report, and of an attachment in its message. */
const place = z.int().min(1).max(1_024).default(1)
export const attachmentBody = z.strictObject({
  ...actor,
  report: id,
  message: place,
  part: place,
  /** Whether its octets come along. */
  content: z.boolean().default(false),
})
export const purposeBody = z.strictObject({ ...actor, purpose: z.string().max(500) })
export const actorBody = z.strictObject(actor)
export const noteBody = z.strictObject({ ...actor, note })
export const handOverBody = z.strictObject({ ...actor, to: name, note })
export const holdBody = z.strictObject({ ...actor, set: z.boolean(), note })
export const approveBody = z.strictObject({ ...actor, agree: z.boolean(), note })

const days = z.int().min(1).max(3_650)
const actionSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ban') }),
  z.strictObject({ kind: z.literal('limit'), divisor: z.int().min(2).max(1_000), days }),
  /** Without an id: every message that was reported. */
  z.strictObject({ kind: z.literal('retract'), messageId: hex32.optional() }),
  z.strictObject({
    kind: z.literal('label'),
    label: z.string().regex(/^[a-z0-9-]{1,32}$/),
    days,
    messageId: hex32.optional(),
  }),
  z.strictObject({
    kind: z.literal('strike'),
    frankingTag: hex32,
    severity: z.enum(['low', 'medium', 'high']),
  }),
  z.strictObject({ kind: z.literal('notify') }),
])

export const formSchema = z.strictObject({
  outcome: z.enum(['action', 'no-action', 'not-verified', 'unfounded']),
  category: z.string().max(64),
  facts: z.string().max(5_000),
  ground: z
    .strictObject({
      kind: z.enum(['law', 'terms']),
      reference: z.string().max(500),
      explanation: z.string().max(2_000),
      publicExplanation: z.string().min(1).max(2_000).optional(),
    })
    .optional(),
  automation: z
    .strictObject({ detection: z.boolean(), decision: z.enum(['none', 'partly', 'fully']) })
    .default({ detection: false, decision: 'none' }),
  territories: z
    .array(z.string().regex(/^[A-Z]{2}$/))
    .max(250)
    .default([]),
  actions: z.array(actionSchema).max(8).default([]),
})
export const decideBody = z.strictObject({ ...actor, form: formSchema })
export const bulkBody = z.strictObject({
  ...actor,
  cases: z.array(id).min(1).max(500),
  form: formSchema,
  /** Shows what it would do, and does nothing. */
  preview: z.boolean().default(false),
})

const caseSchema = z.strictObject({
  id: z.string(),
  room: z.string(),
  subject: z.string(),
  queue: z.string(),
  category: z.string(),
  severity: number,
  stage: z.string(),
  phase: z.string(),
  holder: z.string().optional(),
  leaseUntilMs: maybe,
  openedAtMs: number,
  lastReportAtMs: number,
  dueAtMs: number,
  rank: number,
  reports: number,
  verified: number,
  reporters: number,
  weight: number,
  brigading: z.boolean(),
  held: z.boolean(),
  outcome: z.string().optional(),
  priority: number,
})
export const caseListSchema = z.strictObject({
  cases: z.array(caseSchema),
  /** Give it as `after` for the next page. */
  next: z.string().optional(),
})
export const queuesSchema = z.strictObject({
  queues: z.array(
    z.strictObject({ queue: z.string(), waiting: number, overdue: number, dueAtMs: maybe }),
  ),
})

const restriction = z.strictObject({
  kind: z.string(),
  target: z.string(),
  untilMs: maybe,
  reversibility: z.string(),
})
const statement = z.strictObject({
  id: z.string(),
  decidedAtMs: number,
  room: z.string(),
  subject: z.string(),
  outcome: z.string(),
  category: z.string(),
  facts: z.string(),
  ground: formSchema.shape.ground,
  source: z.literal('report'),
  automation: z.strictObject({ detection: z.boolean(), decision: z.string() }),
  scope: z.strictObject({
    territories: z.array(z.string()),
    restrictions: z.array(restriction),
  }),
  redress: z
    .strictObject({ appeal: z.string(), appealUntilMs: number, others: z.array(z.string()) })
    .optional(),
})
export const appealSchema = z.strictObject({
  id: z.string(),
  case: z.string(),
  decision: z.string(),
  filedAtMs: number,
  filedBy: z.string(),
  words: z.string(),
  state: z.enum(['pending', 'upheld', 'reversed']),
  decidedAtMs: maybe,
  decidedBy: z.string().optional(),
  reasons: z.string().optional(),
})
export const caseDetailSchema = z.strictObject({
  case: caseSchema,
  /** What happened, in order; each kind has fields of its own. */
  events: z.array(z.looseObject({ kind: z.string(), atMs: number, by: z.string() })),
  messages: z.array(z.string()),
  reports: z.array(z.strictObject({ id: z.string(), result: z.string(), receivedAtMs: number })),
  providers: z.array(z.strictObject({ provider: z.string(), reporters: number, weight: number })),
  decisions: z.array(
    z.strictObject({
      id: z.string(),
      state: z.enum(['proposed', 'taken', 'superseded']),
      form: formSchema,
      statement,
    }),
  ),
  sanctions: z.array(
    z.strictObject({
      id: z.string(),
      kind: z.string(),
      decision: z.string(),
      emission: z.string(),
    }),
  ),
  appeals: z.array(appealSchema),
  related: z.array(z.string()),
})
/** What a message says of an attachment. */
export const evidenceAttachmentSchema = z.strictObject({
  /** From 1. */
  number,
  mediaType: z.string(),
  /** 0 where the message does not say it. */
  bytes: number,
  name: z.string(),
  proof: z.enum(['verifiable', 'not verifiable']),
})
export const evidenceSchema = z.strictObject({
  report: z.string(),
  subject: z.string(),
  note: z.string(),
  messages: z.array(
    z.looseObject({
      /** From 1. */
      number,
      messageId: z.string(),
      acceptedAtMs: number,
      texts: z.array(z.string()),
      attachments: z.array(evidenceAttachmentSchema),
    }),
  ),
})
export const attachmentSchema = z.strictObject({
  report: z.string(),
  message: number,
  part: number,
  /** Of the open attachment, as the next two. */
  bytes: number,
  sha256: z.string(),
  /** By how it begins, whatever the message says; absent where it is none of these. */
  mediaType: z.enum(knownMediaTypes).optional(),
  /** Base64. */
  content: z.string().optional(),
})
export const reportersSchema = z.strictObject({
  reporters: z.array(
    z.strictObject({ report: z.string(), reporter: z.string(), provider: z.string() }),
  ),
})
export const bulkSchema = z.strictObject({
  bulk: z.string().optional(),
  lines: z.array(
    z.strictObject({
      case: z.string(),
      result: z.union([
        z.enum(['decided', 'proposed', 'undone', 'possible']),
        z.strictObject({ code: z.string() }),
      ]),
      subject: z.string().optional(),
      reporters: maybe,
      restrictions: z.array(restriction),
    }),
  ),
})
export const deletionSchema = z.strictObject({
  case: z.string(),
  atMs: number,
  class: z.string(),
  by: z.string(),
  reports: number,
})
export const deletionsSchema = z.strictObject({ deletions: z.array(deletionSchema) })
export const disclosuresSchema = z.strictObject({
  disclosures: z.array(
    z.strictObject({
      case: z.string(),
      report: z.string(),
      authority: z.string(),
      /** `confirmed`, or what names the order. */
      basis: z.string(),
      /** Why it may go there. */
      policies: z.array(z.string()),
      by: z.string(),
      atMs: number,
    }),
  ),
})
export const feedbackSchema = z.strictObject({
  status: z.enum(['received', 'under-review', 'decided']),
  outcome: z.enum(['action', 'no-action', 'not-verified', 'reversed']).optional(),
})
export const appealsQuery = z.strictObject({
  ...queryActor,
  state: z.enum(['pending', 'upheld', 'reversed']).default('pending'),
  after: id.optional(),
  limit,
})
export const appealListSchema = z.strictObject({
  appeals: z.array(appealSchema),
  next: z.string().optional(),
})
export const appealBody = z.strictObject({
  /** A case, or the statement of reasons that the subject was told of. */
  about: id,
  /** The subject's URI, or the domain of its provider: the caller vouches for it. */
  from: z.string().min(1).max(1_024),
  words: z.string().max(5_000),
})
export const verdictBody = z.strictObject({
  ...actor,
  outcome: z.enum(['upheld', 'reversed']),
  reasons: z.string().min(1).max(5_000),
})
export const limitQuery = z.strictObject({ limit })
