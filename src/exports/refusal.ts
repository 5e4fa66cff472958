import { GatewayError } from '../model/errors.ts'

/** Why something cannot be said in a form; the reasons of `export-refused`. */
export type ExportReason =
  /** The operator has not said that the Digital Services Act applies to the room. */
  | 'dsa-not-applicable'
  /** No decision that did something is in force. */
  | 'not-decided'
  /** A complaint about a moderator or a provider, or an appeal. */
  | 'complaint'
  /** The form's reference or its public explanation names somebody. */
  | 'names-somebody'
  /** It holds in no state of the European Economic Area. */
  | 'outside-eea'
  /** `moderation.abuseDesk` says not who we are. */
  | 'abuse-desk-missing'
  /** The form has no type for this category. */
  | 'no-type'
  /** The type needs an address on the web, which nobody here knows. */
  | 'needs-url'
  /** Fewer than 100 could have got it. */
  | 'too-few-recipients'
  /** Policies let no notice of it go to the sender's provider. */
  | 'not-routed'
  /** It is known by a handle only, so that nobody knows its provider. */
  | 'subject-unnamed'
  /** Only few may hear of this category, and none of them by mail. */
  | 'restricted-category'
  /** A line of a mail would be too long. */
  | 'unfit-for-mail'
  /** Not whole months that are over. */
  | 'period'

/** What a form makes of a decision. */
export type Exported<Document> =
  | { readonly kind: 'made'; readonly document: Document }
  | { readonly kind: 'refused'; readonly reason: ExportReason }

export function made<Document>(document: Document): Exported<Document> {
  return { kind: 'made', document }
}

export function refused(reason: ExportReason): Exported<never> {
  return { kind: 'refused', reason }
}

/** Throws `export-refused` with the reason. */
export function documentOf<Document>(exported: Exported<Document>): Document {
  if (exported.kind === 'made') return exported.document
  throw new GatewayError('export-refused', { facts: { reason: exported.reason } })
}
