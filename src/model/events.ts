/**
 * Events of schema v1: one per decision. The journal and the audit chain read nothing else; receipts count
 * for themselves, since an event shows only what the plan shows to the archive.
 */
export type EventKind =
  | 'message.accepted'
  | 'message.refused'
  | 'exchange.accepted'
  | 'exchange.refused'
  | 'fanout.delivered'
  | 'fanout.failed'
  | 'delivery.attested'
  | 'member.added'
  | 'member.removed'
  | 'role.changed'
  | 'policy.changed'
  | 'agreement.changed'
  | 'requirements.refused'
  | 'consent.requested'
  | 'consent.cancelled'
  | 'consent.granted'
  | 'consent.revoked'
  | 'report.received'
  | 'sanction.applied'
  | 'key.rotated'
  | 'export.made'

/** Never content, never secrets, never a value that the plan withholds from the audience `archive`. */
export interface GatewayEvent {
  readonly schema: 1
  readonly kind: EventKind
  readonly atMs: number
  readonly requestId: string
  readonly operation: string
  readonly direction: string
  readonly peer: string
  readonly suite: string
  readonly outcome: string
  readonly policies: readonly string[]
  /** Field name to value, each in the form that the plan gives to `archive`. */
  readonly fields: Readonly<Record<string, string | number>>
}
