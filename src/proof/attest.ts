import { attestedHeader } from '../metadata/attested.ts'
import type { Marks } from './scenario.ts'

/** The header in which one side says what the protocol has no place for. */
export type AttestedHeader = Readonly<Record<'mimi-compliance-metadata', string>>

/** What whoever hands on a message or a commit says of its sender; only an organisation can be marked. */
export function attestedSender(marks: Marks): AttestedHeader {
  return senderOf({ organisation: marks.word('organisation', 'sender.organisation') })
}

export interface SaidOfSender {
  readonly organisation?: string
  readonly deviceClass?: 'managed' | 'personal'
  readonly country?: string
}

/** The same with what differs; the compliance suite wants all of it. */
export function senderOf({
  organisation = 'an organisation',
  deviceClass = 'managed',
  country = 'LI',
}: SaidOfSender): AttestedHeader {
  return headerOf({ organisation, deviceClass, country })
}

/** What a follower says of when its delivery service took a notification. */
export function attestedDelivery(deliveredMs: number): AttestedHeader {
  return headerOf({ deliveredAt: BigInt(deliveredMs) })
}

function headerOf(attested: Parameters<typeof attestedHeader>[0]): AttestedHeader {
  return { 'mimi-compliance-metadata': attestedHeader(attested) ?? '' }
}
