import type { Notify, Strike } from '../model/sanctions.ts'
import { GatewayError } from '../model/errors.ts'
import { verificationWords } from '../notices/report-facts.ts'
import type { PipelineParts } from '../pipeline/parts.ts'
import { reportCategories } from '../reports/categories.ts'
import type { Notices } from './notices.ts'

/**
 * Carries strikes and notifications that were decided to the sender's provider: `sent`, or why not. The
 * same one again sends nothing more.
 */
export function createSendNotice(notices: Notices): PipelineParts['sendNotice'] {
  return (sanction) => {
    switch (sanction.kind) {
      case 'strike':
        return strike(notices, sanction)
      case 'retract-strike':
        return takeBack(notices, sanction.undoes)
      case 'notify':
        return sanction.notice === 'statement'
          ? notify(notices, sanction)
          : withdraw(notices, sanction)
    }
  }
}

async function strike({ strikes, desk }: Notices, sanction: Strike): Promise<string> {
  const { id, room, participant, frankingTag, severity, provider, reason, issuedAtMs } = sanction
  const epochStart = strikes.epochOf({ room, pseudonym: participant, frankingTag }, issuedAtMs)
  const { kind } = await strikes.strike({
    room,
    pseudonym: participant,
    frankingTag,
    category: categoryOf(reason),
    severity,
    epochStart,
    provider,
    about: id,
  })
  if (kind === 'known') return desk.findSent(id) === undefined ? 'denied-here' : 'sent'
  return kind === 'struck' ? 'sent' : kind
}

/** To tell the provider that somebody was sanctioned, as policies allow. */
async function notify({ desk, router, evidenceOf }: Notices, sanction: Notify): Promise<string> {
  const { id, room, participant, provider, reason } = sanction
  if (desk.listSent({ about: id, limit: 1 }).length > 0) return 'sent'
  const category = categoryOf(reason)
  const decision = { room, subject: participant, category, confirmed: true }
  const { allowed, policies, about, anonymitySet } = router.noticeOfDecision(decision)
  if (!allowed) return 'not-routed'
  const known = evidenceOf(decision)
  await desk.notify({
    peer: provider,
    about: id,
    policies: [...new Set([...policies, ...(known?.policies ?? [])])],
    evidence: known?.evidence,
    room,
    subject: participant,
    category,
    verification: verificationWords[about.method],
    reporters: about.reporters,
    anonymitySet,
    atMs: about.newestMs ?? sanction.issuedAtMs,
    hubAction: 'decided',
    requestedAction: 'review_account',
  })
  return 'sent'
}

async function withdraw(notices: Notices, { undoes }: Notify): Promise<string> {
  const [first] = notices.desk.listSent({ about: undoes ?? '', limit: 1 })
  return takeBack(notices, first?.notice.id)
}

/** What was never sent needs no retraction. */
async function takeBack({ desk }: Notices, id: string | undefined): Promise<string> {
  if (id === undefined) return 'sent'
  try {
    await desk.retract(id, 'reversed')
  } catch (error) {
    const done = error instanceof GatewayError && DONE.has(error.code)
    if (!done) throw error
  }
  return 'sent'
}

/** An operator's own code says nothing to another provider. */
function categoryOf(reason: string): string {
  return reportCategories.find((known) => known === reason) ?? 'unspecified'
}

/** Not there, or taken back before. */
const DONE: ReadonlySet<string> = new Set(['not-found', 'malformed-request'])
