/** The names of the metadata fields. `metadata/fields.ts` defines each one; a name outside it does not exist. */
export type FieldName =
  | 'provider.domain'
  | 'room.id'
  | 'group.epoch'
  | 'sender.user'
  | 'sender.client'
  | 'sender.network'
  | 'participants.list'
  | 'participants.changes'
  | 'client.list'
  | 'client.capabilities'
  | 'message.time'
  | 'message.size'
  | 'message.kind'
  | 'message.id'
  | 'message.frankingTag'
  | 'message.frank'
  | 'room.description'
  | 'room.policy'
  | 'contact.query'
  | 'contact.profile'
  | 'consent.edge'
  | 'user.existence'
  | 'report.reporter'
  | 'report.subject'
  | 'report.evidence'
  | 'report.note'
  | 'asset.url'
  | 'delivery.time'
  | 'sender.organisation'
  | 'sender.deviceClass'
  | 'sender.country'
  | 'error.detail'

/** How a field is shown, in rising order of exposure. Bucket widths are parameters of the suite entry. */
export const forms = [
  'absent',
  'bucket',
  'pseudonym-epoch',
  'pseudonym-room',
  'pseudonym-peer',
  'exact',
] as const
export type Form = (typeof forms)[number]

/** Negative where `a` exposes less than `b`, 0 where they are the same form. */
export function compareForms(a: Form, b: Form): number {
  return forms.indexOf(a) - forms.indexOf(b)
}

/** Who sees a field: the room's hub, a follower, the other side of a query or consent, the operator's own journal. */
export const audiences = ['hub', 'follower', 'target', 'archive'] as const
export type Audience = (typeof audiences)[number]

/**
 * Who holds a field at its form: the gateway writes it; a client signed it, so the gateway can only
 * accept or refuse; or it is a promise about the far side that nobody can check.
 */
export type Enforcement = 'edited' | 'checked' | 'attested'

/** Why a field is shown. */
export const purposes = ['delivery', 'moderation', 'compliance'] as const
export type Purpose = (typeof purposes)[number]
