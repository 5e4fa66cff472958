import { timingSafeEqual } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { readApplicationData, reportedMessageId } from '../../../src/franking/application-data.ts'
import { frankStruct } from '../../../src/franking/frank-struct.ts'
import { createRelayLog, relayLogMigrations } from '../../../src/franking/relay-log.ts'
import { createReportVerifier, type ReportedRoom } from '../../../src/franking/verify-report.ts'
import type { ReportedMessage } from '../../../src/franking/reported-claim.ts'
import type { Frank } from '../../../src/model/exchange.ts'
import { openStore } from '../../../src/sqlite/store.ts'
import { decode, encode } from '../../../src/wire/codec.ts'
import { frankCodec, frankingAgentDataCodec } from '../../../src/wire/mimi/franking.ts'
import { abuseReportCodec } from '../../../src/wire/mimi/report-abuse.ts'
import {
  acceptedMs,
  alice,
  room,
  testAgent,
  testDayKeys,
  textContent,
  verifyContent,
  type ContentVerdict,
} from '../../support/franking.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { vectorJson } from '../../support/vectors.ts'

const NAME = 'reports/mimi/franking-vectors-draft06.json'
const message = z.object({
  application_data: z.string(),
  franking_tag: z.string(),
  server_frank: z.string(),
  franking_integrity_signature: z.string(),
})
const file = z
  .object({
    hub_franking_public_key: z.string(),
    message1: message.extend({ frank_struct: z.string(), mimi_message_id: z.string() }),
    message2: message,
    abuse_report_tls: z.string(),
    sealed_relay_log: z.array(z.object({ idx: z.string(), value: z.string() })),
    cases: z.array(z.object({ name: z.string(), expected: z.record(z.string(), z.string()) })),
  })
  .optional()
const vectors = file.parse(vectorJson(NAME))

const agent = testAgent()
const T1 = acceptedMs
const T2 = T1 + 61_000
const pseudonym = 'mimi://b.example/u/0f8fad5b-d9cb-469f-a165-70867728950e'
const content1 = textContent('abusive text (placeholder)')
const content2 = textContent('see you tomorrow', {
  salt: Buffer.from('101112131415161718191a1b1c1d1e1f', 'hex'),
})
const edited = textContent('abusive text (edited by reporter)')
const pseudonymous = textContent('abusive text (placeholder)', { senderUri: pseudonym })
const framed = applicationFraming(content1)

function tagOf(applicationData: Buffer): Buffer {
  const tag = readApplicationData(applicationData)?.frankingTag
  if (tag === undefined) throw new Error('no application data')
  return tag
}

function stamp(applicationData: Buffer, timestampMs: number, sender = alice): Frank {
  return agent.stamp({ room, sender, frankingTag: tagOf(applicationData), timestampMs })
}

const frank1 = stamp(content1, T1)
const frank2 = stamp(content2, T2)

/** The receiver's checks in the terms of the vectors. draft-ietf-mimi-protocol-06 §5.4.1 */
function receive(change: {
  frank?: Frank
  timestampMs?: number
  applicationData?: Buffer
  tag?: Buffer
  credential?: string
}): string {
  const {
    frank = frank1,
    timestampMs = T1,
    applicationData = content1,
    credential = alice,
  } = change
  const { tag = tagOf(applicationData) } = change
  if (!agent.checkSignature({ room, sender: credential, timestampMs }, frank))
    return 'reject:integrity_signature'
  const content = readApplicationData(applicationData)
  if (content === undefined) return 'reject:salt_length'
  if (!timingSafeEqual(content.frankingTag, tag)) return 'reject:franking_tag'
  if (content.senderUri !== credential) return 'reject:sender_uri'
  return content.roomUri === room ? 'accept' : 'reject:room_uri'
}

const relayed = new Map(
  [content1, content2, pseudonymous].map((one) => [
    tagOf(one).toString('hex'),
    { timestampMs: T1, sequence: undefined },
  ]),
)

function report(
  change: Partial<ReportedMessage & ReportedRoom> & { log?: boolean; timestampMs?: number } = {},
): string {
  const { log = true, timestampMs = T1, ...rest } = change
  const verify = createReportVerifier({
    agent,
    clock: () => T2 + 60_000,
    retentionMs: 30 * 86_400_000,
    ...(log ? { relayed: ({ frankingTag }) => relayed.get(frankingTag.toString('hex')) } : {}),
  })
  const verdict = verifyContent(
    verify,
    {
      applicationData: content1,
      frank: frank1,
      acceptedTimestamp: BigInt(timestampMs),
      ...rest,
    },
    {
      room,
      allegedAbuser: alice,
      createdAtMs: T1 - 1_000,
      timeBucketMs: 0,
      ciphersuites: [1],
      relayLogComplete: false,
      ...rest,
    },
  )
  return vectorName(verdict)
}

function vectorName(verdict: ContentVerdict): string {
  if (verdict.kind === 'refused') return refusalNames[verdict.reason] ?? verdict.reason
  if (verdict.result === 'verified')
    return verdict.method === 'frank' ? 'verified:frank' : 'verified:relay_log'
  return verdict.anomaly === 'frank-swap-suspected'
    ? 'unverified:mac_mismatch_sig_ok'
    : 'unverified:mac_and_sig_mismatch'
}

const refusalNames: Readonly<Record<string, string>> = {
  'room-mismatch': 'reject:room_mismatch',
  'alleged-abuser-mismatch': 'reject:alleged_abuser_mismatch',
  'malformed-content': 'malformed:salt_length',
}

const computed: Readonly<Record<string, () => Record<string, string>>> = {
  V01: () => ({ receiver: receive({}), hub: report() }),
  V02: () => ({ hub: report({ applicationData: edited }) }),
  V03: () => ({
    receiver: receive({ frank: frank2, timestampMs: T2 }),
    hub_without_log: report({ frank: frank2, timestampMs: T2, log: false }),
    hub_with_sealed_log: report({ frank: frank2, timestampMs: T2 }),
  }),
  V04: () => ({ hub: report({ applicationData: edited, frank: frank2, timestampMs: T2 }) }),
  V05: () => ({ receiver: receive({ timestampMs: T1 + 1 }) }),
  V06: () => ({
    receiver: receive({ frank: stamp(content1, T1, 'mimi://b.example/u/mallory') }),
  }),
  V07: () => ({
    receiver: receive({
      applicationData: textContent('abusive text (placeholder)', {
        senderUri: 'mimi://b.example/u/bob',
      }),
    }),
  }),
  V08: () => ({ receiver: receive({ tag: tagOf(content2) }) }),
  V09: () => ({ hub: report({ room: 'mimi://hub.example/r/other' }) }),
  V10: () => ({ hub: report({ allegedAbuser: 'mimi://c.example/u/victim' }) }),
  V11: () => ({ hub: report({ applicationData: encodedOtherwise(content1), log: false }) }),
  V12: () => {
    const frank = stamp(pseudonymous, T1, pseudonym)
    return {
      receiver: receive({ frank, applicationData: pseudonymous, credential: pseudonym }),
      hub: report({ frank, applicationData: pseudonymous, allegedAbuser: pseudonym }),
    }
  },
  V13: () => ({ hub: report({ frank: stamp(framed, T1), log: false }) }),
  V14: () => ({ hub: report({ applicationData: framed, frank: stamp(framed, T1), log: false }) }),
  V15: () => ({ hub: report({ applicationData: withShortSalt(content1) }) }),
}

/** The text's length in two octets instead of one. */
function encodedOtherwise(content: Buffer): Buffer {
  const at = content.indexOf(Buffer.from('581a', 'hex'))
  return Buffer.concat([
    content.subarray(0, at),
    Buffer.from('5900', 'hex'),
    content.subarray(at + 1),
  ])
}

function withShortSalt(content: Buffer): Buffer {
  return Buffer.concat([content.subarray(0, 1), Buffer.of(0x4f), content.subarray(3)])
}

function applicationFraming(content: Buffer): Buffer {
  const type = Buffer.from('application/mimi-content')
  const prefix = Buffer.alloc(2)
  prefix.writeUInt16BE(0x4000 | content.length)
  return Buffer.concat([Buffer.of(type.length), type, Buffer.of(0), prefix, content])
}

// Where the vectors are absent `vectorJson` says so.
describe.skipIf(vectors === undefined)(
  'the franking vectors of draft-ietf-mimi-protocol-06',
  () => {
    test('keys, tags, franks and the message id are the same octets', () => {
      const data = decode(frankingAgentDataCodec, agent.agentData())
      expect(data.frankingSignatureKey.toString('hex')).toBe(vectors?.hub_franking_public_key)
      expect(content1.toString('hex')).toBe(vectors?.message1.application_data)
      expect(content2.toString('hex')).toBe(vectors?.message2.application_data)
      expect(tagOf(content1).toString('hex')).toBe(vectors?.message1.franking_tag)
      expect(encode(frankCodec, frankStruct(frank1)).toString('hex')).toBe(
        vectors?.message1.frank_struct,
      )
      expect(frank2.serverFrank.toString('hex')).toBe(vectors?.message2.server_frank)
      expect(frank2.signature.toString('hex')).toBe(vectors?.message2.franking_integrity_signature)
      const content = readApplicationData(content1)
      expect(content && reportedMessageId(content)?.toString('hex')).toBe(
        vectors?.message1.mimi_message_id,
      )
    })

    test('every case of the file is computed here', () => {
      expect(vectors?.cases.map(({ name }) => name.slice(0, 3))).toEqual(Object.keys(computed))
    })

    test.each(vectors?.cases ?? [])('$name', ({ name, expected }) => {
      expect(computed[name.slice(0, 3)]?.()).toEqual(expected)
    })

    test('the abuse report decodes, verifies and encodes to the same octets', () => {
      const bytes = Buffer.from(vectors?.abuse_report_tls ?? '', 'hex')
      const decoded = decode(abuseReportCodec, bytes)
      expect(encode(abuseReportCodec, decoded)).toEqual(bytes)
      expect(decoded.messages[0]?.messageContent).toEqual(content1)
    })

    test('the sealed relay log has the same entries, and opens with the tag alone', async () => {
      const path = join(tempDir(), 'store.db')
      await using store = await openStore({ path, migrations: relayLogMigrations })
      const log = createRelayLog({ store, keys: testDayKeys() })
      const entries = [
        { content: content1, timestampMs: T1, frank: frank1 },
        { content: content2, timestampMs: T2, frank: frank2 },
      ]
      for (const { content, timestampMs, frank } of entries)
        await log.record({
          room,
          frankingTag: tagOf(content),
          nowMs: timestampMs,
          sender: alice,
          timestampMs,
          serverFrank: frank.serverFrank,
          sequence: undefined,
        })
      const rows = store.all(
        'SELECT lower(hex(entry)) AS idx, lower(hex(sealed)) AS value FROM relay_log',
      )
      expect(new Map(rows.map(({ idx, value }) => [idx, value]))).toEqual(
        new Map(vectors?.sealed_relay_log.map(({ idx, value }) => [idx, value])),
      )
      expect(log.find(room, tagOf(content1))).toEqual({
        sender: alice,
        timestampMs: T1,
        serverFrank: frank1.serverFrank,
        sequence: undefined,
      })
      expect(log.find(room, tagOf(edited))).toBeUndefined()
    })
  },
)
