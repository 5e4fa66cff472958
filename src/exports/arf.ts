import type { ProviderDomain } from '../model/ids.ts'
import { isRestricted } from '../notices/category-rules.ts'
import { verificationWords } from '../notices/report-facts.ts'
import { elsewhere } from './crosswalk.ts'
import { dayOf } from './dsa-restrictions.ts'
import type { ForwardedCase } from './forwarded-case.ts'
import { base64Lines, fieldLines, type Field } from './mail-lines.ts'
import { made, refused, type Exported } from './refusal.ts'
import { referenceOf } from './references.ts'
import type { XarfReport } from './xarf.ts'

export interface ArfSource {
  readonly self: ProviderDomain
  /** The report that the third part holds; else it is a note of ours. */
  readonly xarf: XarfReport | undefined
}

/**
 * A mail to the abuse desk of the sender's provider: `multipart/report` with a part for people, one for
 * programs (RFC 5965 §3), and JSON where RFC 5965 has the message: there is none that we could show. The
 * same decision makes the same mail. CRLF; only ASCII.
 */
export function arfMail(forwarded: ForwardedCase, source: ArfSource): Exported<string> {
  const { category } = forwarded.decided.statement
  const names = elsewhere(category)
  if (names === undefined) return refused('no-type')
  if (isRestricted(category)) return refused('restricted-category')
  const headers = fieldLines(headersOf(forwarded, source))
  if (headers.kind === 'refused') return headers
  const report = fieldLines(feedbackOf(forwarded, names.arf))
  if (report.kind === 'refused') return report
  const boundary = `=_${referenceOf('arf', forwarded.decided.statement.id)}`
  const part = (...lines: readonly string[]) => [`--${boundary}`, ...lines, '']
  const lines = [
    ...headers.document,
    `Content-Type: multipart/report; report-type=feedback-report;`,
    ` boundary="${boundary}"`,
    '',
    ...part('Content-Type: text/plain; charset=us-ascii', '', ...humanLines(forwarded, source)),
    ...part('Content-Type: message/feedback-report', '', ...report.document),
    ...part(...jsonLines(forwarded, source)),
    `--${boundary}--`,
  ]
  return made(lines.map((line) => `${line}\r\n`).join(''))
}

function headersOf({ decided, desk, provider }: ForwardedCase, { self }: ArfSource) {
  const { id, decidedAtMs } = decided.statement
  const reference = referenceOf('arf', id)
  return [
    ['From', `<${desk.mail}>`],
    ['To', `<abuse@${provider}>`],
    ['Date', mailDate(decidedAtMs)],
    ['Subject', `Abuse report ${reference.slice(0, SUBJECT_CHARACTERS)}`],
    ['Message-ID', `<${reference}@${self}>`],
    ['MIME-Version', '1.0'],
    ['Auto-Submitted', 'auto-generated'],
  ] as const satisfies readonly Field[]
}

/** RFC 5965 §3.1, §3.2 */
function feedbackOf({ decided, provider }: ForwardedCase, feedbackType: string): readonly Field[] {
  return [
    ['Feedback-Type', feedbackType],
    ['User-Agent', 'Postern'],
    ['Version', '1'],
    ['Arrival-Date', mailDate(Date.parse(dayOf(decided.firstAtMs)))],
    ['Reported-Domain', provider],
    ['Reported-URI', decided.subject],
    ['Incidents', String(Math.max(1, decided.messages))],
  ]
}

function humanLines({ decided, provider }: ForwardedCase, { self }: ArfSource): readonly string[] {
  return [
    `A participant from ${provider} was reported`,
    `in a room of ${self}, and a decision was taken.`,
    `Category: ${decided.statement.category}`,
    '',
    'That the messages were sent was verified. Their content is not included,',
    'and who reported them is not told.',
  ]
}

function jsonLines(forwarded: ForwardedCase, { xarf }: ArfSource): readonly string[] {
  const [name, document] =
    xarf === undefined ? (['notice', noteOf(forwarded)] as const) : (['xarf', xarf] as const)
  return [
    `Content-Type: application/json; name="${name}.json"`,
    'Content-Transfer-Encoding: base64',
    '',
    ...base64Lines(JSON.stringify(document)),
  ]
}

/** In the words of notices between gateways: docs/notices.md. */
function noteOf({ decided, method }: ForwardedCase): object {
  const { subject, statement, firstAtMs } = decided
  return {
    subject_pseudonym: subject,
    category: statement.category,
    time_bucket: dayOf(firstAtMs),
    verification: verificationWords[method],
    hub_action: 'decided',
    requested_action: 'review_account',
  }
}

/** `Fri, 20 Nov 2026 09:00:00 +0000`. RFC 5322 §3.3 */
function mailDate(atMs: number): string {
  return new Date(atMs).toUTCString().replace('GMT', '+0000')
}

const SUBJECT_CHARACTERS = 12
