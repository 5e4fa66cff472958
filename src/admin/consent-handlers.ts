import type { ConsentLedger, ListedConsent } from '../peers/consent-ledger.ts'
import type { ConsentView, ControlHandlers } from './control-api.ts'

/** The consent ledger as the control socket shows it. */
export function createConsentHandlers(
  ledger: ConsentLedger,
): Pick<ControlHandlers, 'listConsents'> {
  return {
    listConsents: ({ before, limit }) => {
      const consents = ledger.list({ before, limit }).map(viewOf)
      const next = consents.length === limit ? consents.at(-1)?.position : undefined
      return { consents, ...(next !== undefined && { next }) }
    },
  }
}

function viewOf({ room, terms, ...consent }: ListedConsent): ConsentView {
  return {
    ...consent,
    ...(room !== undefined && { room }),
    ...(terms !== undefined && {
      terms: {
        suite: terms.suite,
        suiteDigest: terms.suiteDigest.toString('hex'),
        purposes: [...terms.purposes],
        retentionDays: terms.retentionDays,
        ...(terms.expiresAtMs !== undefined && { expiresAtMs: terms.expiresAtMs }),
      },
    }),
  }
}
