import { z } from 'zod'
import { actionClasses, answerStates } from '../notices/messages.ts'
import { authorityKinds } from '../policy/routing/vocabulary.ts'
import { actorBody, evidenceAttachmentSchema } from './cases-api.ts'

// What goes over the control socket about notices and where reports go.

const shared = {
  id: z.string(),
  peer: z.string(),
  type: z.string(),
  state: z.string(),
  /** Until when an answer counts. */
  answerByMs: z.number().optional(),
}

const sentSchema = z.strictObject({
  ...shared,
  about: z.string(),
  /** Why it was sent there. */
  policies: z.array(z.string()),
  createdAtMs: z.number(),
  attempts: z.number(),
  answeredAtMs: z.number().optional(),
  actionClass: z.string().optional(),
  ownLogMatch: z.boolean().optional(),
  refusedStatus: z.number().optional(),
  retractedAtMs: z.number().optional(),
})

const receivedSchema = z.strictObject({
  ...shared,
  receivedAtMs: z.number(),
  decidedAtMs: z.number().optional(),
  withdrawnAtMs: z.number().optional(),
  actionClass: z.string().optional(),
  ownLogMatch: z.boolean().optional(),
  /** Whether sealed evidence came along. */
  hasEvidence: z.boolean(),
})

export const noticeListSchema = z.strictObject({
  /** The newest first. */
  sent: z.array(sentSchema),
  received: z.array(receivedSchema),
  /** Give them as `sentBefore` and `receivedBefore` for the next page. */
  nextSent: z.number().optional(),
  nextReceived: z.number().optional(),
})
export type NoticeList = z.infer<typeof noticeListSchema>

const proofSchema = z.strictObject({
  schema: z.literal(1),
  messageId: z.string(),
  frankingTag: z.string(),
  result: z.enum(['verified', 'contradicted', 'unverifiable']),
  method: z.enum(['relay-log', 'none']),
  steps: z.array(z.strictObject({ check: z.string(), outcome: z.enum(['passed', 'failed']) })),
  loggedAtMs: z.number().optional(),
  checkedAtMs: z.number(),
})

/** One notice with its message as it was signed. */
export const noticeViewSchema = z.strictObject({
  sent: sentSchema.optional(),
  received: receivedSchema.optional(),
  message: z.record(z.string(), z.unknown()),
  /** What our own relay log says of the evidence that came along, without its content. */
  check: z
    .discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('checked'),
        leftOut: z.number(),
        messages: z.array(proofSchema),
      }),
      z.strictObject({ kind: z.literal('unreadable'), reason: z.string() }),
    ])
    .optional(),
  /** Who opened it, the oldest first. */
  openings: z.array(z.strictObject({ by: z.string(), atMs: z.number() })).optional(),
})
export type NoticeView = z.infer<typeof noticeViewSchema>

export const scorecardListSchema = z.strictObject({
  peers: z.array(
    z.strictObject({
      peer: z.string(),
      sent: z.number(),
      inTime: z.number(),
      late: z.number(),
      unanswered: z.number(),
      open: z.number(),
      refused: z.number(),
      medianAnswerMs: z.number().optional(),
      actionedShare: z.number().optional(),
      strikesUpheld: z.number(),
      received: z.number(),
      /** Verified cases for each 10,000 messages that it relayed, where these are counted. */
      casesPer10000: z.number().optional(),
    }),
  ),
})
export type ScorecardList = z.infer<typeof scorecardListSchema>

export const routeListSchema = z.strictObject({
  /** What the report's case has found so far; both false while nothing was decided. */
  /** `confirmed`: what a person found, where it was decided that something is done. */
  case: z.strictObject({ decided: z.boolean(), confirmed: z.string().optional() }),
  routes: z.array(
    z.strictObject({
      role: z.string(),
      receiver: z.string(),
      disclosure: z.string(),
      decision: z.enum(['allow', 'deny']),
      policies: z.array(z.string()),
    }),
  ),
  /** What was sent of it. */
  sent: z.array(sentSchema),
  /** What moderators of the room were told: how many of them, and why. */
  told: z
    .strictObject({ atMs: z.number(), moderators: z.number(), policies: z.array(z.string()) })
    .optional(),
})
export type RouteList = z.infer<typeof routeListSchema>

const shownMessageSchema = z.strictObject({
  messageId: z.string(),
  frankingTag: z.string(),
  texts: z.array(z.string()),
  applicationData: z.string(),
})

/** The evidence of a notice, open. */
export const noticeEvidenceSchema = z.strictObject({
  notice: z.string(),
  from: z.string(),
  subject: z.string(),
  room: z.string(),
  /** Messages that found no place in the notice. */
  leftOut: z.number(),
  messages: z.array(shownMessageSchema),
})
export type NoticeEvidence = z.infer<typeof noticeEvidenceSchema>

export interface NoticePage {
  readonly peer: string | undefined
  readonly sentBefore: number | undefined
  readonly receivedBefore: number | undefined
  readonly limit: number
}

/** What is supposed of a report beside what its case says. */
export interface SupposedQuery {
  readonly confirmed: boolean
  readonly decided: boolean
  readonly order: boolean
}

export const answerBodySchema = z.strictObject({
  state: z.enum(answerStates),
  actionClass: z.enum(actionClasses).optional(),
})
export type AnswerBody = z.infer<typeof answerBodySchema>

type ActorBody = z.infer<typeof actorBody>

/** What an operator may ask and do about notices. Throw `GatewayError`. */
export interface NoticeHandlers {
  readonly list: (page: NoticePage) => NoticeList
  readonly find: (id: string) => NoticeView | undefined
  readonly retract: (id: string) => Promise<NoticeView>
  readonly answer: (id: string, answer: AnswerBody) => Promise<NoticeView>
  /** Opens the evidence of a notice for a moderator; that goes into the log first. */
  readonly evidence: (id: string, actor: ActorBody) => Promise<NoticeEvidence>
  readonly scorecards: () => ScorecardList
  /** Opens a report for an authority, and records that it was given to it. */
  readonly handOver: (report: string, body: HandOverBody) => Promise<HandedOverView>
  /** Where a report would go, without sending anything; undefined where there is no such report. */
  readonly routes: (report: string, supposed: SupposedQuery) => Promise<RouteList | undefined>
}

/** To whom a report is handed, by whom and on what ground. */
export const handOverBody = z.strictObject({
  ...actorBody.shape,
  authority: z.enum(authorityKinds),
  /** `confirmed`, or what names the order: plain text. */
  basis: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[\p{L}\p{N}\p{P}\p{S} ]+$/u),
})
export type HandOverBody = z.infer<typeof handOverBody>

/** A report, open, for an authority. */
export const handedOverSchema = z.strictObject({
  schema: z.literal(1),
  report: z.string(),
  authority: z.string(),
  basis: z.string(),
  hub: z.string(),
  policies: z.array(z.string()),
  by: z.string(),
  handedOverAtMs: z.number(),
  receivedAtMs: z.number(),
  room: z.string(),
  subject: z.string(),
  category: z.string(),
  /** Only where policies let the authority know it. */
  reporter: z.strictObject({ uri: z.string(), note: z.string() }).optional(),
  messages: z.array(
    shownMessageSchema.extend({
      /** From 1. */
      number: z.number(),
      acceptedAtMs: z.number(),
      attachments: z.array(evidenceAttachmentSchema),
    }),
  ),
  proofs: z.array(z.unknown()),
})
export type HandedOverView = z.infer<typeof handedOverSchema>

/** Paths of the control socket. */
export const noticePaths = {
  list: '/control/v1/notices',
  one: '/control/v1/notices/:id',
  retract: '/control/v1/notices/:id/retract',
  answer: '/control/v1/notices/:id/answer',
  evidence: '/control/v1/notices/:id/evidence',
  scorecards: '/control/v1/peers/scorecards',
  routes: '/control/v1/reports/:id/routes',
  handOver: '/control/v1/reports/:id/hand-over',
} as const
