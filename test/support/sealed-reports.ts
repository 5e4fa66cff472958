import { randomBytes } from 'node:crypto'
import type { FrankEvidence } from '../../src/client/mimi/franked-message.ts'
import { buildReport } from '../../src/client/mimi/abuse-report.ts'
import { sealedReport, type ReportDetails } from '../../src/client/mimi/sealed-report.ts'
import type { MlsGroup } from '../../src/client/mls/mls-group.ts'
import { acceptedMs, alice, room } from './franking.ts'
import { abusive, openingKeys } from './reports.ts'

/** The key of test desks as a hub publishes it. */
const publishedKey = { kid: 'key-1', x: openingKeys.seal.bytes.toString('base64url') }

/** A message with its true frank, or with that of other content, as a receiver kept it. */
export function evidence(applicationData: Buffer, franked = applicationData): FrankEvidence {
  const { frank } = abusive(applicationData, franked)
  const acceptedTimestamp = BigInt(acceptedMs)
  return { applicationData, frank, acceptedTimestamp, senderUri: alice, roomUri: room }
}

export interface SealedInput {
  readonly messages: readonly [FrankEvidence, ...FrankEvidence[]]
  readonly group: MlsGroup
  readonly reporter: string
  readonly note?: string
  readonly details?: Partial<ReportDetails>
  readonly named?: boolean
}

/** The body of a sealed report, as the client makes it. */
export function sealedBody(input: SealedInput): Buffer {
  const { messages, group, reporter, note = '', details = {}, named = false } = input
  const extension = sealedReport(
    { room, note, messages, reporter, epoch: group.current },
    { key: publishedKey, category: 'harassment', ...details },
    randomBytes,
  )
  return buildReport({
    messages,
    reporter: named ? reporter : '',
    extensions: [extension],
    isSealed: true,
  })
}
