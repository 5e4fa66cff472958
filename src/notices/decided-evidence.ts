import { uriDomain, type MimiUri } from '../model/ids.ts'
import { createReportStore } from '../reports/report-store.ts'
import { textColumn } from '../sqlite/row.ts'
import type { Store } from '../sqlite/store.ts'
import { consentBits } from '../wire/mimi/report-extension.ts'
import type { EvidenceOrder } from './notice-desk.ts'
import type { ReportRouter } from './report-router.ts'
import { routableReport } from './routable-report.ts'
import type { SentNotices } from './sent-notices.ts'

export interface DecidedParts {
  readonly store: Store
  readonly router: Pick<ReportRouter, 'routesOf'>
  readonly sent: Pick<SentNotices, 'list'>
}

/** What a person decided about a participant. */
export interface Decided {
  readonly room: string
  readonly subject: MimiUri
  /** As decided, whatever was reported. */
  readonly category: string
}

export interface DecidedEvidence {
  readonly evidence: EvidenceOrder
  /** The policies that let it go. */
  readonly policies: readonly string[]
}

/**
 * What was reported, for the notice of a decision: the newest verified report about the participant whose
 * reporter agreed to both, where policies let it go now that it is decided. Undefined where there is none,
 * and where the sender's provider has it already.
 */
export function decidedEvidence(
  { store, router, sent }: DecidedParts,
  { room, subject, category }: Decided,
): DecidedEvidence | undefined {
  const row = store.get(AGREED, [room, subject])
  const found = row && createReportStore(store).find(textColumn(row, 'id'))
  if (found === undefined) return undefined
  const { id } = found.summary
  if (sent.list({ about: id, limit: SENT_MAX }).some(({ notice }) => hasEvidence(notice.message)))
    return undefined
  const decided = { confirmed: true, decided: true, legalOrder: false }
  const route = router
    .routesOf({ ...routableReport(found), category }, decided)
    .find(({ role, disclosure }) => role === 'sender-provider' && disclosure === 'evidence')
  if (route?.decision !== 'allow' || route.receiver !== uriDomain(subject)) return undefined
  const frankingTags = found.checks.flatMap(({ proof }) =>
    proof === undefined ? [] : tagOf(proof),
  )
  return {
    evidence: { report: id, sealed: found.evidence, frankingTags },
    policies: route.policies,
  }
}

function hasEvidence(message: object): boolean {
  return 'sealed_evidence' in message && message.sealed_evidence !== undefined
}

/** Of a `MessageProof`. */
function tagOf(proof: string): readonly string[] {
  const { frankingTag }: { readonly frankingTag: string } = JSON.parse(proof)
  return [frankingTag]
}

const SENT_MAX = 100
const BOTH = consentBits.forward | consentBits.evidence
const AGREED = `SELECT id FROM reports WHERE room = ? AND subject = ? AND result = 'verified'
  AND consent & ${BOTH} = ${BOTH} ORDER BY id DESC LIMIT 1`
