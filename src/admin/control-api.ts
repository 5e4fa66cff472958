import { z } from 'zod'
import type { Label } from '../metadata/labels/label.ts'

// What goes over the control socket. The server's handlers return these types, the client parses them.

/** `degraded`: works, with a promise missing; `reason` is a code. */
const componentSchema = z.strictObject({
  state: z.enum(['up', 'degraded', 'down']),
  reason: z.string().optional(),
})

/** `ready` when every component is up or degraded and we are not draining. */
export const healthSchema = z.strictObject({
  status: z.enum(['ready', 'not-ready', 'draining']),
  version: z.string(),
  startedAtMs: z.number(),
  components: z.record(z.string(), componentSchema),
})
export type Health = z.infer<typeof healthSchema>
export type Component = z.infer<typeof componentSchema>

/** A report without what it reports. */
export const reportSummarySchema = z.strictObject({
  id: z.string(),
  receivedAtMs: z.number(),
  room: z.string(),
  /** The provider that handed it in. */
  provider: z.string(),
  subject: z.string(),
  category: z.string(),
  messages: z.number(),
  result: z.string(),
  /** Bits: 1 notice, 2 evidence, 4 questions, 8 the reporter's name may go beyond the hub. */
  consentFlags: z.number(),
  reporterProof: z.string(),
})
export type ReportSummary = z.infer<typeof reportSummarySchema>

export const reportListSchema = z.strictObject({
  reports: z.array(reportSummarySchema),
  /** Give it as `after` for the next page. */
  next: z.string().optional(),
})
export type ReportList = z.infer<typeof reportListSchema>

/** One report; what it says is shown to whoever holds its case. */
export const reportDetailSchema = z.strictObject({
  report: reportSummarySchema,
  checks: z.array(
    z.strictObject({
      /** Hexadecimal. */
      messageId: z.string(),
      result: z.string(),
      method: z.string(),
      anomaly: z.string().optional(),
      /** Accepted messages between this and the reported one before it. */
      gap: z.number().optional(),
      /** What was checked, with which public values. */
      proof: z.unknown().optional(),
    }),
  ),
})
export type ReportDetail = z.infer<typeof reportDetailSchema>

export const reloadSchema = z.discriminatedUnion('outcome', [
  /** `restart` names what changed but needs a restart to take effect. */
  z.strictObject({ outcome: z.literal('applied'), restart: z.array(z.string()) }),
  /** The configuration in force stays in force. */
  z.strictObject({ outcome: z.literal('refused'), problems: z.array(z.string()) }),
])
export type ReloadResult = z.infer<typeof reloadSchema>

export const roomListSchema = z.strictObject({
  rooms: z.array(
    z.strictObject({
      room: z.string(),
      suite: z.string(),
      epoch: z.string(),
      participants: z.number(),
    }),
  ),
})
export type RoomList = z.infer<typeof roomListSchema>

/** One entry of the consent ledger. */
const consentViewSchema = z.strictObject({
  position: z.number(),
  atMs: z.number(),
  change: z.enum(['request', 'cancel', 'grant', 'revoke']),
  requester: z.string(),
  target: z.string(),
  room: z.string().optional(),
  /** The provider that vouches for it. */
  provider: z.string(),
  terms: z
    .strictObject({
      suite: z.number(),
      /** Hexadecimal. */
      suiteDigest: z.string(),
      purposes: z.array(z.string()),
      retentionDays: z.number(),
      expiresAtMs: z.number().optional(),
    })
    .optional(),
})
export type ConsentView = z.infer<typeof consentViewSchema>

export const consentListSchema = z.strictObject({
  /** The newest first. */
  consents: z.array(consentViewSchema),
  /** Give it as `before` for the next page. */
  next: z.number().optional(),
})
export type ConsentList = z.infer<typeof consentListSchema>

/** What the gateway lets its operator ask and do. */
export interface ControlHandlers {
  readonly health: () => Health
  readonly reload: () => Promise<ReloadResult>
  readonly listReports: (page: { after: string | undefined; limit: number }) => Promise<ReportList>
  readonly findReport: (id: string) => Promise<ReportDetail | undefined>
  readonly listRooms: () => RoomList
  readonly listConsents: (page: { before: number | undefined; limit: number }) => ConsentList
  /** What a room, or another provider, is shown. Throw `GatewayError`. */
  readonly labelOfRoom: (room: string) => Label
  readonly labelOfPeer: (peer: string) => Label
}

/** Paths of the control socket. */
export const controlPaths = {
  health: '/control/v1/health',
  reload: '/control/v1/reload',
  reports: '/control/v1/reports',
  report: '/control/v1/reports/:id',
  rooms: '/control/v1/rooms',
  consents: '/control/v1/consents',
  roomLabel: '/control/v1/labels/room',
  peerLabel: '/control/v1/labels/peer',
} as const
