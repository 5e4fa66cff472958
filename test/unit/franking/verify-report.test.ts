import { expect, test } from 'vitest'
import { readApplicationData } from '../../../src/franking/application-data.ts'
import {
  createReportVerifier,
  type ReportedRoom,
  type VerifierOptions,
} from '../../../src/franking/verify-report.ts'
import type { ReportedMessage } from '../../../src/franking/reported-claim.ts'
import type { Frank } from '../../../src/model/exchange.ts'
import {
  acceptedMs,
  alice,
  room,
  testAgent,
  textContent,
  verifyContent,
} from '../../support/franking.ts'

const agent = testAgent()
const content = textContent('abusive text')
const other = textContent('see you tomorrow', { salt: Buffer.alloc(16, 7) })
const DAY_MS = 86_400_000
const relayedEntry = { timestampMs: acceptedMs, sequence: 7n }

function stamp(applicationData: Buffer, timestampMs = acceptedMs): Frank {
  const frankingTag = readApplicationData(applicationData)?.frankingTag ?? Buffer.alloc(0)
  return agent.stamp({ room, sender: alice, frankingTag, timestampMs })
}

function verify(
  change: Partial<ReportedMessage & ReportedRoom> = {},
  options: Partial<VerifierOptions> = {},
) {
  const check = createReportVerifier({
    agent,
    clock: () => acceptedMs + DAY_MS,
    retentionMs: 30 * DAY_MS,
    ...options,
  })
  return verifyContent(
    check,
    {
      applicationData: content,
      frank: stamp(content),
      acceptedTimestamp: BigInt(acceptedMs),
      ...change,
    },
    {
      room,
      allegedAbuser: alice,
      createdAtMs: acceptedMs - DAY_MS,
      timeBucketMs: 0,
      ciphersuites: [1],
      relayLogComplete: false,
      ...change,
    },
  )
}

function verifyAt(nowMs: number) {
  return verify({ createdAtMs: 0 }, { clock: () => nowMs })
}

test('an honest report is verified by its frank', () => {
  expect(verify()).toMatchObject({ result: 'verified', method: 'frank', anomaly: undefined })
})

test('the frank of another message is suspected, not blamed on the reporter', () => {
  expect(verify({ frank: stamp(other) })).toMatchObject({
    result: 'unverifiable',
    method: 'none',
    anomaly: 'frank-swap-suspected',
  })
})

test('the relay log tells a swapped frank from invented content', () => {
  const swapped = { frank: stamp(other), relayLogComplete: true }
  expect(verify(swapped, { relayed: () => relayedEntry })).toMatchObject({
    result: 'verified',
    method: 'relay-log',
    anomaly: 'frank-swapped-in-transit',
    sequence: 7n,
  })
  expect(verify(swapped, { relayed: () => undefined })).toMatchObject({
    result: 'contradicted',
    anomaly: 'content-never-relayed',
  })
})

test('what the relay log holds no more contradicts nobody', () => {
  const old = { frank: stamp(other), relayLogComplete: true, createdAtMs: 0 }
  const at = (days: number) =>
    verify(old, { relayed: () => undefined, clock: () => acceptedMs + days * DAY_MS })
  expect(at(29)).toMatchObject({ result: 'contradicted' })
  expect(at(29.5)).toMatchObject({ result: 'unverifiable', anomaly: 'frank-swap-suspected' })
})

test('the relay log is asked for the sender, the room and the tag of the content', () => {
  const asked: unknown[] = []
  const relayed = (message: unknown) => {
    asked.push(message)
    return undefined
  }
  verify({ frank: stamp(other) }, { relayed })
  expect(asked).toEqual([
    { room, sender: alice, frankingTag: readApplicationData(content)?.frankingTag },
  ])
})

test.each<[string, Partial<ReportedMessage & ReportedRoom>, string]>([
  [
    'a frank of nobody',
    { frank: { serverFrank: Buffer.alloc(32), ciphersuite: 1, signature: Buffer.alloc(64) } },
    'frank-not-ours',
  ],
  [
    'a damaged signature',
    { frank: { ...stamp(content), signature: Buffer.alloc(64) } },
    'signature-invalid',
  ],
  [
    'a suite that nobody knows',
    { frank: { ...stamp(content), ciphersuite: 0x0a0a } },
    'signature-invalid',
  ],
  ['a suite that the room never used', { ciphersuites: [2] }, 'suite-not-of-room'],
  ['a time before the room', { createdAtMs: acceptedMs + 1 }, 'time-out-of-range'],
  ['a time that is no number', { acceptedTimestamp: 2n ** 64n - 1n }, 'time-out-of-range'],
])('%s is unverifiable, with its reason', (_, change, anomaly) => {
  expect(verify(change)).toMatchObject({ result: 'unverifiable', method: 'none', anomaly })
})

test('a bucket that begins before the room was made still verifies', () => {
  const change = { createdAtMs: acceptedMs + 1 }
  expect(verify({ ...change, timeBucketMs: 60_000 })).toMatchObject({ result: 'verified' })
})

test('a message is verifiable until the retention ends, and up to five minutes from the future', () => {
  expect(verifyAt(acceptedMs + 30 * DAY_MS)).toMatchObject({ result: 'verified' })
  expect(verifyAt(acceptedMs + 30 * DAY_MS + 1)).toMatchObject({ anomaly: 'time-out-of-range' })
  expect(verifyAt(acceptedMs - 300_000)).toMatchObject({ result: 'verified' })
  expect(verifyAt(acceptedMs - 300_001)).toMatchObject({ anomaly: 'time-out-of-range' })
})

test.each<[string, Partial<ReportedMessage & ReportedRoom>, string]>([
  ['no CBOR', { applicationData: Buffer.from('hello') }, 'malformed-content'],
  ['nothing', { applicationData: Buffer.alloc(0) }, 'malformed-content'],
  ['no sender', { applicationData: textContent('x', { senderUri: undefined }) }, 'sender-missing'],
  ['no room', { applicationData: textContent('x', { roomUri: undefined }) }, 'room-missing'],
  ['another room', { room: 'mimi://hub.example/r/other' }, 'room-mismatch'],
  ['another sender', { allegedAbuser: 'mimi://c.example/u/bob' }, 'alleged-abuser-mismatch'],
])('content with %s is refused', (_, change, reason) => {
  expect(verify(change)).toEqual({ kind: 'refused', reason })
})
