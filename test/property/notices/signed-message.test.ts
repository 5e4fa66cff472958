import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { signJws, verifiesWith } from '../../../src/metadata/requirements/jws.ts'
import { verificationKeyOf } from '../../../src/metadata/requirements/signing-keys.ts'
import {
  answerStates,
  reporterBuckets,
  requestedActions,
  type NoticeMessage,
} from '../../../src/notices/messages.ts'
import { openMessage, signMessage } from '../../../src/notices/signed-message.ts'

const { privateKey } = generateKeyPairSync('ed25519')
const id = fc.stringMatching(/^[A-Za-z0-9_-]{16,64}$/)
const instant = fc
  .date({ min: new Date('2026-01-01'), max: new Date('2030-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString())
const head = { notice_id: id, from: fc.constant('hub.example'), issued_at: instant }
const subject = {
  subject_pseudonym: fc.stringMatching(/^mimi:\/\/home\.example\/u\/[a-z]{1,20}$/),
  category: fc.constantFrom('spam' as const, 'harassment' as const),
}
const tags = fc.array(fc.stringMatching(/^[0-9a-f]{64}$/), { minLength: 1, maxLength: 20 })
const messages: fc.Arbitrary<NoticeMessage> = fc.oneof(
  fc.record({
    type: fc.constant('notice' as const),
    ...head,
    ...subject,
    verification: fc.constantFrom('frank' as const, 'relay_log' as const),
    distinct_reporters: fc.constantFrom(...reporterBuckets),
    requested_action: fc.constantFrom(...requestedActions),
  }),
  fc.record({
    type: fc.constant('strike' as const),
    ...head,
    ...subject,
    franking_tags: tags,
    severity: fc.constantFrom('low' as const, 'high' as const),
    epoch_start: fc.integer({ min: 0, max: 30_000 }).map((day) => day * 86_400),
  }),
  fc.record({
    type: fc.constant('answer' as const),
    ...head,
    in_reply_to: id,
    state: fc.constantFrom(...answerStates),
  }),
  fc.record({ type: fc.constant('retract' as const), ...head, in_reply_to: id }),
)

test('what was signed is read as it was, and verifies', () => {
  fc.assert(
    fc.property(messages, (message) => {
      const { jws } = signMessage(message, privateKey)
      const opened = openMessage(Buffer.from(jws))
      if (opened.kind !== 'opened') throw new Error(opened.reason)
      expect(opened.message).toEqual(message)
      expect(verifiesWith(opened.signed, [verificationKeyOf(privateKey)])).toBe('verified')
    }),
  )
})

test('a message with any octet changed does not open or does not verify', () => {
  fc.assert(
    fc.property(messages, fc.nat(), fc.integer({ min: 1, max: 255 }), (message, where, change) => {
      const bytes = Buffer.from(signMessage(message, privateKey).jws)
      const at = where % bytes.length
      bytes[at] = (bytes[at] ?? 0) ^ change
      const opened = openMessage(bytes)
      const verdict =
        opened.kind === 'opened' && verifiesWith(opened.signed, [verificationKeyOf(privateKey)])
      expect(verdict).not.toBe('verified')
    }),
  )
})

test('no bytes and no signed JSON make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
      expect(openMessage(Buffer.from(bytes)).kind).toBe('malformed')
    }),
  )
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 2 }), (json) => {
      const { jws } = signJws(json, 'mimi-moderation-notice+jws', privateKey)
      expect(openMessage(Buffer.from(jws)).kind).toBe('malformed')
    }),
  )
})
