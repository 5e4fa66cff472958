import { createHash } from 'node:crypto'
import type { ProviderDomain } from '../model/ids.ts'
import { dayOf } from './dsa-restrictions.ts'
import { elsewhere } from './crosswalk.ts'
import type { ForwardedCase } from './forwarded-case.ts'
import { made, refused, type Exported } from './refusal.ts'
import type { AbuseDesk } from './settings.ts'
import { referenceOf } from './references.ts'

/**
 * A report in XARF 4.2.0. `source_identifier` is the participant as the room shows it; nobody else and
 * no content is in it, and the time is a day.
 */
export interface XarfReport {
  readonly xarf_version: '4.2.0'
  /** The same for the same decision. */
  readonly report_id: string
  readonly timestamp: string
  readonly reporter: XarfContact
  readonly sender: XarfContact
  readonly source_identifier: string
  readonly category: 'messaging'
  readonly type: 'spam' | 'bulk_messaging'
  readonly protocol: 'chat' | 'other'
  readonly recipient_count?: number
  readonly evidence_source: 'user_complaint'
  readonly confidence: number
  readonly evidence: readonly [XarfEvidence]
  readonly tags: readonly string[]
}

interface XarfContact {
  readonly org: string
  readonly contact: string
  readonly domain: string
}

interface XarfEvidence {
  readonly content_type: 'application/json'
  readonly description: string
  /** Base64. */
  readonly payload: string
  readonly hash: string
}

export interface XarfSource {
  readonly self: ProviderDomain
  /** How many are in the room now, the sender included; undefined for a room that is not there. */
  readonly participants: number | undefined
}

export function xarfReport(forwarded: ForwardedCase, source: XarfSource): Exported<XarfReport> {
  const { decided, desk, method } = forwarded
  const { statement, subject, firstAtMs } = decided
  const type = elsewhere(statement.category)?.xarf
  if (type === undefined) return refused('no-type')
  if (type === 'url') return refused('needs-url')
  const recipients = (source.participants ?? 0) - 1
  if (type === 'bulk' && recipients < BULK_RECIPIENTS_MIN) return refused('too-few-recipients')
  const contact = contactOf(desk, source.self)
  return made({
    xarf_version: '4.2.0',
    report_id: referenceOf('xarf', statement.id),
    timestamp: `${dayOf(firstAtMs)}T00:00:00Z`,
    reporter: contact,
    sender: contact,
    source_identifier: subject,
    category: 'messaging',
    ...(type === 'spam'
      ? { type: 'spam', protocol: 'chat' }
      : { type: 'bulk_messaging', protocol: 'other', recipient_count: recipients }),
    evidence_source: 'user_complaint',
    confidence: 1,
    evidence: [proofReference(forwarded)],
    tags: ['mimi:verified', `verification:${method}`],
  })
}

function contactOf({ organisation, mail }: AbuseDesk, domain: ProviderDomain): XarfContact {
  return { org: organisation, contact: mail, domain }
}

/**
 * Names the machine proofs without a digest of them: whoever knows the franking tag of a message could
 * try which one was reported, and when.
 */
function proofReference({ decided, method }: ForwardedCase): XarfEvidence {
  const proofs = referenceOf('xarf', decided.statement.id)
  const payload = Buffer.from(JSON.stringify({ proofs, messages: decided.messages, method }))
  return {
    content_type: 'application/json',
    description: 'Reference of the machine proofs that the reporter keeps; no content',
    payload: payload.toString('base64'),
    hash: `sha256:${createHash('sha256').update(payload).digest('hex')}`,
  }
}

/** What XARF calls bulk. */
const BULK_RECIPIENTS_MIN = 100
