import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readApplicationData } from '../../../src/franking/application-data.ts'
import { createTimeBuckets } from '../../../src/franking/time-bucket.ts'
import { createReportVerifier } from '../../../src/franking/verify-report.ts'
import {
  acceptedMs,
  alice,
  room,
  testAgent,
  textContent,
  verifyContent,
} from '../../support/franking.ts'

const agent = testAgent()
const timestamp = fc.integer({ min: 0, max: 2 ** 45 })
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes))

test('a frank never verifies for a message that differs in any bit of tag, sender, room or time', () => {
  fc.assert(
    fc.property(
      fc.record({
        frankingTag: bytes32,
        sender: fc.string(),
        room: fc.string(),
        timestampMs: timestamp,
      }),
      fc.record({
        frankingTag: bytes32,
        sender: fc.string(),
        room: fc.string(),
        timestampMs: timestamp,
      }),
      fc.subarray(['frankingTag', 'sender', 'room', 'timestampMs'] as const, { minLength: 1 }),
      (message, other, names) => {
        const { serverFrank } = agent.stamp(message)
        expect(agent.checkMac(message, serverFrank)).toBe(true)
        const mutated = { ...message }
        for (const name of names) Object.assign(mutated, { [name]: other[name] })
        fc.pre(JSON.stringify(mutated) !== JSON.stringify(message))
        expect(agent.checkMac(mutated, serverFrank)).toBe(false)
      },
    ),
  )
})

test('a reported message with any bit changed is never verified', () => {
  const content = textContent('abusive text')
  const frankingTag = readApplicationData(content)?.frankingTag ?? Buffer.alloc(0)
  const frank = agent.stamp({ room, sender: alice, frankingTag, timestampMs: acceptedMs })
  const verify = createReportVerifier({
    agent,
    clock: () => acceptedMs,
    retentionMs: 1_000,
  })
  fc.assert(
    fc.property(fc.nat(content.length * 8 - 1), (bit) => {
      const applicationData = Buffer.from(content)
      applicationData[bit >> 3] = (applicationData[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const verdict = verifyContent(
        verify,
        { applicationData, frank, acceptedTimestamp: BigInt(acceptedMs) },
        {
          room,
          allegedAbuser: alice,
          createdAtMs: 0,
          timeBucketMs: 0,
          ciphersuites: [1],
          relayLogComplete: false,
        },
      )
      expect(verdict).not.toMatchObject({ result: 'verified' })
    }),
    { numRuns: 500 },
  )
})

test('reading application data never throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, likeContent) => {
      const input = Buffer.from(bytes)
      if (likeContent && input.length > 0) input[0] = 0x87
      readApplicationData(input)
    }),
    { numRuns: 1_000 },
  )
})

test('shown times never go back within a room, and are never later than the newest accepted time', () => {
  const steps = fc.array(
    fc.record({
      room: fc.constantFrom('r1', 'r2'),
      acceptedMs: timestamp,
      widthMs: fc.constantFrom(1, 1_000, 60_000, 3_600_000),
    }),
  )
  fc.assert(
    fc.property(steps, (sequence) => {
      const buckets = createTimeBuckets()
      const newest = new Map<string, { shown: number; accepted: number }>()
      for (const step of sequence) {
        const shown = buckets.show(step.room, step.acceptedMs, step.widthMs)
        const before = newest.get(step.room)
        const accepted = Math.max(step.acceptedMs, before?.accepted ?? 0)
        expect(shown).toBeGreaterThanOrEqual(before?.shown ?? 0)
        expect(shown).toBeLessThanOrEqual(accepted)
        newest.set(step.room, { shown, accepted })
      }
    }),
  )
})
