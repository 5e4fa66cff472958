import { epochPseudonymId } from '../model/epoch-pseudonym.ts'
import { parseMimiUri, type ProviderDomain } from '../model/ids.ts'
import type { TakenReport } from '../reports/follow-ups.ts'
import { consentOf } from './consent.ts'
import { domainOf } from './domain-of.ts'
import type { EvidenceOrder, NoticeDesk } from './notice-desk.ts'
import { bestMethod, verificationWords } from './report-facts.ts'
import type { ReportRouter } from './report-router.ts'
import type { StrikeDesk } from './strike-desk.ts'
import type { TellModerators } from './tell-moderators.ts'

export interface TakenParts {
  readonly self: ProviderDomain
  readonly desk: Pick<NoticeDesk, 'notify' | 'listSent'>
  readonly strikes: Pick<StrikeDesk, 'reported'>
  readonly router: Pick<ReportRouter, 'noticeOf'>
  readonly tellModerators: TellModerators
}

/**
 * What follows from a report that was taken: each verified message counts towards a strike, and the report
 * is told to the sender's provider and to moderators of the room where policies let it. The same report
 * again changes nothing. What one of them cannot do keeps none of the others; then it rejects.
 */
export function createReportTaken(parts: TakenParts): (report: TakenReport) => Promise<void> {
  return async (report) => {
    const isVerified = report.result === 'verified'
    const outcomes = await Promise.allSettled([
      parts.tellModerators(report),
      ...(isVerified ? [count(parts, report), forward(parts, report)] : []),
    ])
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }
}

/** Only of senders that nobody names: others are known, and moderators decide. */
async function count({ strikes }: TakenParts, report: TakenReport): Promise<void> {
  const { room, subject, reporter, category, receivedAtMs, verified } = report
  if (!isUnnamed(subject)) return
  for (const { frankingTag, acceptedAtMs } of verified)
    await strikes.reported({
      room,
      pseudonym: subject,
      reporter,
      frankingTag: frankingTag.toString('hex'),
      category,
      epochStart: Math.floor(acceptedAtMs / DAY_MS) * DAY_SECONDS,
      atMs: receivedAtMs,
    })
}

async function forward({ self, desk, router }: TakenParts, report: TakenReport): Promise<void> {
  const { id, room, subject, category, verified, consentFlags } = report
  const consent = consentOf(consentFlags)
  const provider = domainOf(subject)
  if (!consent.forward || provider === undefined || provider === self) return
  if (desk.listSent({ about: id, limit: 1 }).length > 0) return
  const methods = verified.map(({ method }) => method)
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
function evidenceOf({ id, evidence, verified }: TakenReport): EvidenceOrder {
  const frankingTags = verified.map(({ frankingTag }) => frankingTag.toString('hex'))
  return { report: id, sealed: evidence, frankingTags }
}

function isUnnamed(subject: string): boolean {
  return domainOf(subject) !== undefined && epochPseudonymId(parseMimiUri(subject)) !== undefined
}

const DAY_SECONDS = 86_400
const DAY_MS = DAY_SECONDS * 1_000
