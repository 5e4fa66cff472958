import {
  enumeration,
  fixed,
  opaque,
  optional,
  struct,
  text,
  uint64,
  uint8,
  vector,
  type Decoded,
} from '../codec.ts'
import { keyBytesMax } from './bounds.ts'
import { identifierUriCodec } from './protocol.ts'
import { abuseTypeCodec } from './report-abuse.ts'

/** Octets of a MIMI message id. */
const messageIdBytes = 32
/** Messages in one retraction. */
const retractedCountMax = 1_024
const labelBytesMax = 64
const refBytesMax = 64

/**
 * The component 0xF0A1, in an AppEphemeral proposal of the hub: what clients are asked to do about a
 * message. Advice: the hub cannot make a client do it. `issuedAt` in ms. docs/sanctions.md
 */
export const moderationNoticeCodec = struct({
  action: enumeration({ retract: 1, label: 2, warn: 3, restore: 4 }),
  messageId: opaque(messageIdBytes),
  /** 0: not said. */
  category: uint8,
  label: text(labelBytesMax),
  statementRef: text(refBytesMax),
  issuedAt: uint64,
})
export type ModerationNotice = Decoded<typeof moderationNoticeCodec>

const retraction = {
  /** In ms. */
  hubRetractedTimestamp: uint64,
  removerUri: identifierUriCodec,
  abuseType: optional(abuseTypeCodec),
  retractedMessages: vector(fixed(messageIdBytes), {
    countMax: retractedCountMax,
    bytesMax: messageIdBytes * retractedCountMax,
  }),
}

/** What the hub signs, under the label `HubRetractedComponentTBS`. draft-mahy-mimi-hub-retracted-messages-00 */
export const hubRetractedTBSCodec = struct(retraction)

/** The component 0x0050, in an AppEphemeral proposal of the hub. draft-mahy-mimi-hub-retracted-messages-00 */
export const hubRetractedCodec = struct({ ...retraction, signature: opaque(keyBytesMax) })
