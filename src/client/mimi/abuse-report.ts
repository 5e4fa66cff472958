import { encode } from '../../wire/codec.ts'
import { abuseReportCodec } from '../../wire/mimi/report-abuse.ts'
import type { ComponentData } from '../../wire/mls/app-data.ts'
import { demand } from '../errors.ts'
import type { FrankEvidence } from './franked-message.ts'

/**
 * The body of `reportAbuse` about messages of one sender in one room. Without `reporter` the report
 * names nobody. `extensions` rise by component id; where everything is sealed in one, nothing else says it. Throws `mixed-report` where the messages are not
 * of one sender. draft-ietf-mimi-protocol-06 §5.9
 */
export function buildReport({
  messages,
  reporter = '',
  note = '',
  extensions = [],
  isSealed = false,
}: {
  messages: readonly [FrankEvidence, ...FrankEvidence[]]
  reporter?: string
  note?: string
  extensions?: readonly ComponentData[]
  isSealed?: boolean
}): Buffer {
  const [{ senderUri, roomUri }] = messages
  demand(
    messages.every((message) => message.senderUri === senderUri && message.roomUri === roomUri),
    'mixed-report',
  )
  return encode(abuseReportCodec, {
    reportingUser: reporter,
    allegedAbuserUri: senderUri,
    reasonCode: 'reserved',
    note: Buffer.from(isSealed ? '' : note),
    messages: (isSealed ? [] : messages).map(({ applicationData, frank, acceptedTimestamp }) => ({
      messageContent: applicationData,
      frank,
      acceptedTimestamp,
    })),
    abuseExtensions: { componentData: extensions },
  })
}
