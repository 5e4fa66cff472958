import type { ProviderDomain } from '../model/ids.ts'
import type { VerificationMethod } from '../policy/routing/vocabulary.ts'
import type { ReportRouter } from '../notices/report-router.ts'
import type { DecidedCase } from './decided-case.ts'
import { made, refused, type Exported } from './refusal.ts'
import type { AbuseDesk, ExportSettings } from './settings.ts'

/** A decision that may be told to the sender's provider, under the policies that govern notices. */
export interface ForwardedCase {
  readonly decided: DecidedCase
  readonly provider: ProviderDomain
  readonly desk: AbuseDesk
  /** How a message was verified. INVARIANT: not `none`. */
  readonly method: VerificationMethod
}

/** Whether anything of a decision may go to the sender's provider. */
export function forwardedCase(
  decided: DecidedCase,
  {
    abuseDesk,
    router,
  }: Pick<ExportSettings, 'abuseDesk'> & {
    readonly router: Pick<ReportRouter, 'noticeOfDecision'>
  },
): Exported<ForwardedCase> {
  const { provider, room, subject, statement } = decided
  if (abuseDesk === undefined) return refused('abuse-desk-missing')
  if (!decided.acts) return refused('not-decided')
  if (decided.isComplaint) return refused('complaint')
  if (provider === undefined) return refused('subject-unnamed')
  const { category, automation } = statement
  const confirmed = automation.decision !== 'fully'
  const { allowed, about } = router.noticeOfDecision({ room, subject, category, confirmed })
  if (!allowed || about.method === 'none') return refused('not-routed')
  return made({ decided, provider, desk: abuseDesk, method: about.method })
}
