import { integer, type Arbitrary } from 'fast-check'
import type { Decoded } from '../../../src/wire/codec.ts'
import type { hubRetractedCodec, ModerationNotice } from '../../../src/wire/mimi/moderation.ts'
import { bytes, exactBytes, list, oneOf, optional, record, text, uint64, tag } from './base.ts'
import { signature, uri } from './mimi.ts'

export const moderationNotice: Arbitrary<ModerationNotice> = record({
  action: oneOf('retract', 'label', 'warn', 'restore'),
  messageId: bytes(32),
  category: integer({ min: 0, max: 255 }),
  label: text(16),
  statementRef: text(16),
  issuedAt: uint64,
})

export const hubRetracted: Arbitrary<Decoded<typeof hubRetractedCodec>> = record({
  hubRetractedTimestamp: uint64,
  removerUri: uri,
  abuseType: optional(tag('reserved')),
  retractedMessages: list(exactBytes(32)),
  signature,
})
