import type { Exchange } from '../../model/exchange.ts'
import type { FieldName } from '../../model/metadata.ts'
import { decode } from '../../wire/codec.ts'
import { abuseReportCodec } from '../../wire/mimi/report-abuse.ts'
import { consentEntryCodec } from '../../wire/mimi/consent.ts'
import { withoutKeyPackages } from './consent.ts'
import { encodeReducedReport } from './report-abuse.ts'

/**
 * The exchange without these fields, where its request declares them as edited: the reporter and the
 * note of a report, the KeyPackages of a grant. The same value where none of them is there.
 */
export function withhold(exchange: Exchange, hidden: ReadonlySet<FieldName>): Exchange {
  switch (exchange.operation) {
    case 'reportAbuse': {
      const reporter = hidden.has('report.reporter')
      const note = hidden.has('report.note')
      if (!reporter && !note) return exchange
      const report = decode(abuseReportCodec, exchange.bytes)
      const bytes = encodeReducedReport(report, { reporter, note })
      return { ...exchange, bytes, reporter: reporter ? undefined : exchange.reporter }
    }
    case 'updateConsent':
    case 'requestConsent': {
      if (!hidden.has('client.list') && !hidden.has('client.capabilities')) return exchange
      const entry = decode(consentEntryCodec, exchange.bytes)
      const bytes = withoutKeyPackages(exchange.bytes, entry)
      return bytes === exchange.bytes ? exchange : { ...exchange, bytes }
    }
    case 'keyMaterial':
    case 'update':
    case 'submitMessage':
    case 'notify':
    case 'groupInfo':
    case 'identifierQuery':
    case 'proxyDownload':
      return exchange
  }
}
