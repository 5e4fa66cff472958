import { epochPseudonymId } from '../model/epoch-pseudonym.ts'
import { parseMimiUri, type ProviderDomain } from '../model/ids.ts'
import type { NewReport } from '../reports/report-store.ts'
import { consentOf } from './consent.ts'
import { domainOf } from './domain-of.ts'
import type { EvidenceOrder, NoticeDesk } from './notice-desk.ts'
import { bestMethod, verificationWords } from './report-facts.ts'
import type { ReportRouter } from './report-router.ts'
import type { StrikeDesk } from './strike-desk.ts'
import type { TellModerators } from './tell-moderators.ts'

export interface TakenParts {
  readonly self: ProviderDomain
  readonly desk: Pick<NoticeDesk, 'notify'>
  readonly strikes: Pick<StrikeDesk, 'reported'>
  readonly router: Pick<ReportRouter, 'noticeOf'>
  readonly tellModerators: TellModerators
  readonly onFault: (fault: unknown) => void
}

/**
 * What follows from a report that was taken: each verified message counts towards a strike, and a new
 * report is told to the sender's provider and to moderators of the room where policies let it. A fault
 * is told and costs nobody the report.
 */
export function createReportTaken(
  parts: TakenParts,
): (report: NewReport, isNew: boolean) => Promise<void> {
  return async (report, isNew) => {
    try {
      if (report.result === 'verified') await count(parts, report)
      if (!isNew) return
      await parts.tellModerators(report)
      if (report.result === 'verified') await forward(parts, report)
    } catch (fault) {
      parts.onFault(fault)
    }
  }
}

/** Only of senders that nobody names: others are known, and moderators decide. */
async function count({ strikes }: TakenParts, report: NewReport): Promise<void> {
  const { room, subject, reporter, category, receivedAtMs, checked } = report
  if (!isUnnamed(subject)) return
  for (const { claim, result } of checked) {
    if (result !== 'verified') continue
    const day = Math.floor(Number(claim.acceptedTimestamp) / DAY_MS)
    await strikes.reported({
      room,
      pseudonym: subject,
      reporter,
      frankingTag: claim.frankingTag.toString('hex'),
      category,
      epochStart: day * DAY_SECONDS,
      atMs: receivedAtMs,
    })
  }
}

async function forward({ self, desk, router }: TakenParts, report: NewReport): Promise<void> {
  const { id, room, subject, category, checked, consentFlags } = report
  const consent = consentOf(consentFlags)
  const provider = domainOf(subject)
  if (!consent.forward || provider === undefined || provider === self) return
  const methods = checked
    .filter(({ result }) => result === 'verified')
    .map(({ method }): string => method)
  const { allowed, policies, evidence, anonymitySet } = router.noticeOf({
    ...report,
    methods,
    consent,
  })
  if (!allowed) return
  await desk.notify({
    peer: provider,
    about: id,
    policies: evidence.allowed ? [...new Set([...policies, ...evidence.policies])] : policies,
    ...(evidence.allowed && { evidence: evidenceOf(report) }),
    room,
    subject,
    category,
    verification: verificationWords[bestMethod(new Set(methods))],
    reporters: 1,
    anonymitySet,
    atMs: report.receivedAtMs,
    requestedAction: 'review_account',
  })
}

/** INVARIANT: a verified report has no message that was not verified. */
function evidenceOf({ id, evidence, checked }: NewReport): EvidenceOrder {
  const frankingTags = checked.map(({ claim }) => claim.frankingTag.toString('hex'))
  return { report: id, sealed: evidence, frankingTags }
}

function isUnnamed(subject: string): boolean {
  return domainOf(subject) !== undefined && epochPseudonymId(parseMimiUri(subject)) !== undefined
}

const DAY_SECONDS = 86_400
const DAY_MS = DAY_SECONDS * 1_000
