import type { FieldEdit, RequestEdits } from '../../model/adapter.ts'
import type {
  ConsentExchange,
  Exchange,
  IdentifierQueryExchange,
  ReportAbuseExchange,
} from '../../model/exchange.ts'
import { parseMimiUri } from '../../model/ids.ts'
import { decode, encode } from '../../wire/codec.ts'
import { consentEntryCodec, type ConsentEntry } from '../../wire/mimi/consent.ts'
import { identifierRequestCodec } from '../../wire/mimi/identifier-query.ts'
import { abuseReportCodec, type AbuseReport } from '../../wire/mimi/report-abuse.ts'
import { knownComponents, onlyKnown } from './known-components.ts'

/**
 * The exchange with other values where its request declares a field as edited: the reporter and the
 * note of a report, the KeyPackages of a grant. The same value where nothing changes.
 */
export function editRequest(exchange: Exchange, edits: RequestEdits): Exchange {
  switch (exchange.operation) {
    case 'reportAbuse':
      return editReport(exchange, edits)
    case 'updateConsent':
    case 'requestConsent':
      return editConsent(exchange, edits)
    case 'identifierQuery':
      return editQuery(exchange, edits)
    case 'keyMaterial':
    case 'update':
    case 'submitMessage':
    case 'notify':
    case 'groupInfo':
    case 'proxyDownload':
      return exchange
  }
}

function editReport(exchange: ReportAbuseExchange, edits: RequestEdits): ReportAbuseExchange {
  const { fields, dropsUnknown } = edits
  const report = decode(abuseReportCodec, exchange.bytes)
  const edited: AbuseReport = {
    ...report,
    reportingUser: editName(report.reportingUser, fields.get('report.reporter')),
    note: fields.get('report.note')?.kind === 'drop' ? NOTHING : report.note,
    abuseExtensions: dropsUnknown
      ? onlyKnown(report.abuseExtensions, knownComponents.report)
      : report.abuseExtensions,
  }
  const bytes = encode(abuseReportCodec, edited)
  if (bytes.equals(exchange.bytes)) return exchange
  const { reportingUser } = edited
  const reporter = reportingUser === '' ? undefined : parseMimiUri(reportingUser, 'user')
  return { ...exchange, bytes, reporter }
}

function editConsent(exchange: ConsentExchange, edits: RequestEdits): ConsentExchange {
  const entry = decode(consentEntryCodec, exchange.bytes)
  const { fields, dropsUnknown } = edits
  const consentExtensions = dropsUnknown
    ? onlyKnown(entry.consentExtensions, knownComponents.consent)
    : entry.consentExtensions
  const bytes = encode(consentEntryCodec, {
    ...editKeyPackages(entry, fields.get('client.list')),
    consentExtensions,
  })
  return bytes.equals(exchange.bytes) ? exchange : { ...exchange, bytes }
}

function editKeyPackages(entry: ConsentEntry, edit: FieldEdit | undefined): ConsentEntry {
  if (entry.consentOperation !== 'grant' || edit === undefined) return entry
  switch (edit.kind) {
    case 'drop':
      return { ...entry, clientKeyPackages: [] }
    case 'choose':
      return { ...entry, clientKeyPackages: [...edit.choose(entry.clientKeyPackages)] }
    case 'rename':
      return entry
  }
}

function editQuery(
  exchange: IdentifierQueryExchange,
  { dropsUnknown }: RequestEdits,
): IdentifierQueryExchange {
  if (!dropsUnknown) return exchange
  const request = decode(identifierRequestCodec, exchange.bytes)
  const idRequestExtensions = onlyKnown(request.idRequestExtensions, knownComponents.query)
  if (idRequestExtensions === request.idRequestExtensions) return exchange
  return { ...exchange, bytes: encode(identifierRequestCodec, { ...request, idRequestExtensions }) }
}

/** Nobody stays nobody. */
function editName(name: string, edit: FieldEdit | undefined): string {
  if (edit === undefined || name === '') return name
  switch (edit.kind) {
    case 'drop':
      return ''
    case 'rename':
      return edit.rename(name)
    case 'choose':
      return name
  }
}

const NOTHING = Buffer.alloc(0)
