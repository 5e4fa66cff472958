import { saidForms, type Attested } from '../metadata/attested.ts'
import type { Suite } from '../metadata/suite.ts'
import type { Answer } from '../model/answer.ts'
import type { Exchange, FanoutItem, NotifyExchange } from '../model/exchange.ts'
import { compareForms, type FieldName, type Form } from '../model/metadata.ts'
import type { Observed } from './disclose.ts'
import { observedOfFrame } from './message-forms.ts'
import { observedOf } from './observed.ts'
import type { PipelineParts } from './parts.ts'

type Parts = Pick<PipelineParts, 'bytes'>

/**
 * The form of every field of a request that its bytes can leave out, or show in several forms; for the
 * others the plan says it. INVARIANT: never less than what the bytes show. The note of a report and
 * the KeyPackages of a grant are optional too and nobody looks for them: those the plan alone tells.
 */
export function carriedByRequest(
  parts: Parts,
  exchange: Exchange,
  { suite, attested }: { readonly suite: Suite; readonly attested: Attested },
): Observed {
  switch (exchange.operation) {
    case 'submitMessage':
      return { ...observedOf(exchange, suite), ...saidForms(attested) }
    case 'update':
      return {
        ...observedOf(exchange, suite),
        ...saidForms(attested),
        'room.description': formIf(parts.bytes.showsDescription(exchange)),
      }
    case 'notify':
      return carriedByFanout(parts, exchange)
    case 'reportAbuse':
      return exchange.reporter === undefined && exchange.sealed?.reporter !== true
        ? { ...observedOf(exchange, suite), 'report.reporter': 'absent' }
        : observedOf(exchange, suite)
    case 'updateConsent':
      return exchange.change === 'grant'
        ? inItsRoom(exchange)
        : { ...inItsRoom(exchange), 'client.list': 'absent', 'client.capabilities': 'absent' }
    case 'requestConsent':
      return inItsRoom(exchange)
    case 'keyMaterial':
      return { ...observedOf(exchange, suite), ...inItsRoom(exchange) }
    case 'groupInfo':
    case 'identifierQuery':
    case 'proxyDownload':
      return observedOf(exchange, suite)
  }
}

/** The same of an answer of ours, as the plan left it. */
export function carriedByAnswer({ operation, outcome }: Answer): Observed {
  switch (operation) {
    case 'submitMessage':
      if (outcome.kind !== 'accepted')
        return { 'message.time': 'absent', 'message.frank': 'absent' }
      return { 'message.frank': formIf(outcome.frank !== undefined) }
    case 'update': {
      const isSaid = formIf(outcome.errorDescription !== '')
      if (outcome.kind === 'success') return { 'error.detail': isSaid }
      return { 'message.time': 'absent', 'error.detail': isSaid }
    }
    case 'keyMaterial':
      return outcome.clients.length > 0 ? NOTHING : NO_CLIENTS
    case 'identifierQuery':
      return outcome.kind === 'success' ? NOTHING : { 'contact.profile': 'absent' }
    case 'groupInfo':
    case 'notify':
    case 'requestConsent':
    case 'updateConsent':
    case 'reportAbuse':
      return NOTHING
  }
}

/** Of several messages each field in the clearest form of any. */
function carriedByFanout(parts: Parts, exchange: NotifyExchange): Observed {
  const forms: Partial<Record<FieldName, Form>> = {}
  const add = (observed: Observed, fields: readonly FieldName[]): void => {
    for (const field of fields) {
      const form = observed[field] ?? 'absent'
      if (compareForms(form, forms[field] ?? 'absent') >= 0) forms[field] = form
    }
  }
  for (const item of exchange.items) add(ofMessage(item), OF_MESSAGES)
  if (exchange.items.every(({ kind }) => kind === 'application')) add(NOTHING, OF_HANDSHAKES)
  else forms['room.description'] = formIf(parts.bytes.showsDescription(exchange))
  return forms
}

function ofMessage({ frame, frank }: FanoutItem): Observed {
  if (frame === undefined) return NOTHING
  return { ...observedOfFrame(frame), 'message.frank': formIf(frank !== undefined) }
}

function inItsRoom(exchange: { readonly room: unknown }): Observed {
  return exchange.room === undefined ? { 'room.id': 'absent' } : NOTHING
}

function formIf(isThere: boolean): Form {
  return isThere ? 'exact' : 'absent'
}

const NOTHING: Observed = {}
const NO_CLIENTS: Observed = {
  'client.list': 'absent',
  'client.capabilities': 'absent',
  'consent.edge': 'absent',
}
/** What only an application message shows. */
const OF_MESSAGES = ['message.id', 'message.frankingTag', 'message.frank'] as const
/** What an application message never shows. */
const OF_HANDSHAKES = [
  'sender.client',
  'participants.list',
  'participants.changes',
  'client.list',
  'client.capabilities',
  'room.description',
  'room.policy',
] as const
