import type { SignedDocument } from '../metadata/requirements/signed-document.ts'
import { everybodysSuites, suiteLabel, utc } from './requirements-input.ts'

/** A document in a few lines. Everything in it passed the schema, so it is safe for a terminal. */
export function requirementsText({ document, digest, kid }: SignedDocument): string {
  const suites = everybodysSuites()
  const list = (codes: readonly number[]) =>
    codes.map((code) => suiteLabel(code, document, suites)).join(', ') || 'nothing'
  const { retention, reports } = document
  const rows: readonly (readonly [string, string])[] = [
    ['provider', document.provider],
    ['document', `${document.seq}, SHA-256 ${digest}`],
    ['follows', document.prev ?? 'nothing'],
    ['valid', `${utc(document.issuedAt * 1_000)} to ${utc(document.expiresAt * 1_000)}`],
    ['signed by', kid],
    ['as hub', list(document.asHub)],
    ['as follower', list(document.asFollower)],
    [
      'keeps',
      `${retention.deliveryDays} days to deliver, ${retention.moderationDays} to moderate, ${retention.complianceDays} in the journal`,
    ],
    [
      'reports',
      reports === null
        ? 'none'
        : `${reports.categories.length} categories, confirmed in ${reports.acknowledgeHours} h, decided in ${reports.decideHours} h`,
    ],
    ['regions', document.regions.join(', ') || 'not stated'],
    ['protocols', document.protocolDrafts.join(', ') || 'not stated'],
    ['contact', document.contact ?? 'not stated'],
  ]
  return rows.map(([name, value]) => `${name.padEnd(12)} ${value}\n`).join('')
}
