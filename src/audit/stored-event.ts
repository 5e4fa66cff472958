import { z } from 'zod'
import { GatewayError } from '../model/errors.ts'
import type { EventKind, GatewayEvent } from '../model/events.ts'
import { numberColumn, textColumn, type Row } from '../sqlite/row.ts'

/** The event of a row of `events`. Throws `internal` for a row that no version of this program wrote. */
export function storedEvent(row: Row): GatewayEvent {
  const kind = textColumn(row, 'kind')
  if (!isEventKind(kind)) throw new GatewayError('internal', { facts: { column: 'kind' } })
  return {
    schema: 1,
    kind,
    atMs: numberColumn(row, 'at_ms'),
    requestId: textColumn(row, 'request_id'),
    operation: textColumn(row, 'operation'),
    direction: textColumn(row, 'direction'),
    peer: textColumn(row, 'peer'),
    suite: textColumn(row, 'suite'),
    outcome: textColumn(row, 'outcome'),
    policies: policies.parse(JSON.parse(textColumn(row, 'policies'))),
    fields: fields.parse(JSON.parse(textColumn(row, 'fields'))),
  }
}

function isEventKind(text: string): text is EventKind {
  return Object.hasOwn(eventKinds, text)
}

const policies = z.array(z.string())
const fields = z.record(z.string(), z.union([z.string(), z.number()]))

/** Complete: the compiler asks for a kind that is missing here. */
const eventKinds: Readonly<Record<EventKind, true>> = {
  'message.accepted': true,
  'message.refused': true,
  'exchange.accepted': true,
  'exchange.refused': true,
  'fanout.delivered': true,
  'fanout.failed': true,
  'delivery.attested': true,
  'member.added': true,
  'member.removed': true,
  'role.changed': true,
  'policy.changed': true,
  'agreement.changed': true,
  'requirements.refused': true,
  'consent.requested': true,
  'consent.cancelled': true,
  'consent.granted': true,
  'consent.revoked': true,
  'report.received': true,
  'sanction.applied': true,
  'key.rotated': true,
  'export.made': true,
}
