import type { MimiContent } from '../../wire/cbor/mimi-content.ts'
import type { ConsentEntry } from '../../wire/mimi/consent.ts'
import type { UserRolePair } from '../../wire/mimi/participant-list.ts'
import type { AppEphemeral } from '../../wire/mls/app-data.ts'
import type { Proposal } from '../../wire/mls/proposal.ts'
import type { RefusalCode } from '../errors.ts'
import type { FrankEvidence, MessageFault } from '../mimi/franked-message.ts'
import type { RoomMember } from './client-state.ts'

/** Somebody in a room. */
export type Person = Omit<RoomMember, 'leafIndex'>

/** What `MimiClient.receive` answers. */
export type ClientEvent =
  | ReceivedMessage
  | { readonly kind: 'joined'; readonly room: string; readonly epoch: bigint }
  | RoomChange
  | { readonly kind: 'removed'; readonly room: string; readonly by: Person }
  | ReceivedProposal
  | HubAdvice
  | ReportNotice
  | { readonly kind: 'consent'; readonly entry: ConsentEntry }
  /** A message that MLS accepts and that is not shown, because it could deceive. */
  | { readonly kind: 'message-refused'; readonly room: string; readonly fault: MessageFault }
  /** Something that is not valid in this room; it has changed nothing. */
  | {
      readonly kind: 'refused'
      readonly room: string
      readonly code: RefusalCode | 'malformed'
    }

export interface ReceivedMessage {
  readonly kind: 'message'
  readonly room: string
  readonly sender: Person
  readonly messageId: Buffer
  readonly content: MimiContent
  /** The body where it is one piece of text. */
  readonly text: string | undefined
  /** The hub's time. */
  readonly acceptedTimestampMs: number
  /** For `report`; undefined where the hub has not franked the message. */
  readonly evidence: FrankEvidence | undefined
}

export interface RoomChange {
  readonly kind: 'room-changed'
  readonly room: string
  readonly epoch: bigint
  readonly by: Person
  /** Members, one for each client. */
  readonly added: readonly Person[]
  readonly removed: readonly Person[]
  readonly participants: readonly UserRolePair[]
  readonly ephemerals: readonly AppEphemeral[]
}

/** The hub asks us to hide messages, to show them again, or to mark them. We decide. docs/sanctions.md */
export interface HubAdvice {
  readonly kind: 'hub-advice'
  readonly room: string
  readonly action: 'retract' | 'label' | 'warn' | 'restore'
  /** MIMI message ids. */
  readonly messageIds: readonly Buffer[]
  /** Empty unless `label`; empty there, nothing marks the message any more. */
  readonly label: string
}

/**
 * Somebody has reported a participant of a room that we moderate, and agreed that we hear of it. Our
 * provider says so; who it was it does not say. docs/notices.md
 */
export interface ReportNotice {
  readonly kind: 'report-notice'
  readonly room: string
  /** The same notice has the same id. */
  readonly noticeId: string
  /** Whom it is about, as the room shows them. */
  readonly subject: string
  readonly category: string
  /** How the hub verified what was reported: `none` where nothing is proven. */
  readonly verification: string
  /** `1`, `2-4`, `5-9` or `10+`. */
  readonly distinctReporters: string
  /** The hour or the day, UTC. */
  readonly timeBucket: string
  /** The messages that were reported; none unless the reporter agreed to that as well. */
  readonly messageIds: readonly Buffer[]
}

export interface ReceivedProposal {
  readonly kind: 'proposal'
  readonly room: string
  readonly proposal: Proposal['kind']
  /** Undefined for the hub. */
  readonly by: Person | undefined
}
