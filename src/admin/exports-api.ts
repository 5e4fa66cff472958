import { z } from 'zod'

// What goes over the control socket about documents that leave the house. docs/exports.md

const actor = {
  as: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
  mfa: z.boolean().default(false),
}
const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/)
const month = z.string().regex(/^20\d\d-(0[1-9]|1[0-2])$/)

export const dsaBody = z.strictObject({
  ...actor,
  /** The first and the last day, UTC, of decisions and of those that were taken back. */
  from: z.iso.date().optional(),
  to: z.iso.date().optional(),
  after: id.optional(),
})
export const caseBody = z.strictObject({ ...actor, case: id })
export const transparencyBody = z.strictObject({ ...actor, from: month, to: month })

const text = z.string()
const optional = z.string().optional()
const words = z.array(z.string())
const day = z.string()

/** A statement of reasons as the Transparency Database takes it. */
const statement = z.strictObject({
  decision_visibility: words.optional(),
  decision_visibility_other: optional,
  end_date_visibility_restriction: day.optional(),
  decision_provision: optional,
  end_date_service_restriction: day.optional(),
  decision_ground: text,
  decision_ground_reference_url: optional,
  illegal_content_legal_ground: optional,
  illegal_content_explanation: optional,
  incompatible_content_ground: optional,
  incompatible_content_explanation: optional,
  content_type: words,
  content_type_other: text,
  category: text,
  category_specification: words.optional(),
  territorial_scope: words,
  content_language: optional,
  content_date: day,
  application_date: day,
  decision_facts: text,
  source_type: text,
  automated_detection: text,
  automated_decision: text,
  puid: text,
})
export const dsaSchema = z.strictObject({
  /** At most 100. */
  statements: z.array(statement),
  refused: z.array(z.strictObject({ decision: z.string(), reason: z.string() })),
  /** Statements that were handed out, and whose decision was taken back since. */
  withdrawn: z.array(z.strictObject({ puid: z.string() })),
  /** Give it as `after` for the next batch. */
  next: z.string().optional(),
})

const contact = z.strictObject({ org: z.string(), contact: z.string(), domain: z.string() })
/** XARF 4.2.0 */
export const xarfSchema = z.strictObject({
  xarf_version: z.literal('4.2.0'),
  report_id: z.string(),
  timestamp: z.string(),
  reporter: contact,
  sender: contact,
  source_identifier: z.string(),
  category: z.literal('messaging'),
  type: z.enum(['spam', 'bulk_messaging']),
  protocol: z.enum(['chat', 'other']),
  recipient_count: z.number().optional(),
  evidence_source: z.literal('user_complaint'),
  confidence: z.number(),
  evidence: z.array(
    z.strictObject({
      content_type: z.string(),
      description: z.string(),
      payload: z.string(),
      hash: z.string(),
    }),
  ),
  tags: z.array(z.string()),
})
/** RFC 5965: the whole mail, for a mailer of your own. */
export const mailSchema = z.strictObject({ mail: z.string() })

export const transparencySchema = z.strictObject({
  schema: z.literal(1),
  from: z.string(),
  to: z.string(),
  /** The first month of which anything was counted. */
  countedFrom: z.string().optional(),
  /** Providers with fewer are counted together, as `others`. */
  providersFrom: z.number(),
  rows: z.array(
    z.strictObject({
      measure: z.string(),
      dimension: z.string(),
      value: z.string(),
      number: z.number(),
    }),
  ),
})
