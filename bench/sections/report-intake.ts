import { createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { composeMessage, textBody } from '../../src/client/mimi/franked-message.ts'
import { frankStruct } from '../../src/franking/frank-struct.ts'
import { readApplicationData } from '../../src/franking/application-data.ts'
import { createFrankingAgent } from '../../src/franking/franking-agent.ts'
import { createRelayLog, relayLogMigrations } from '../../src/franking/relay-log.ts'
import { createReportVerifier } from '../../src/franking/verify-report.ts'
import { loadDayKeys } from '../../src/keys/day-keys.ts'
import { parseMimiUri, parseProviderDomain } from '../../src/model/ids.ts'
import type { ReportExchange } from '../../src/reports/intake.ts'
import { createReportDesk } from '../../src/reports/report-desk.ts'
import { reportMigrations } from '../../src/reports/report-store.ts'
import { rawKey } from '../../src/reports/sealing.ts'
import { createVerifierPool } from '../../src/reports/verifier-pool.ts'
import { openStore } from '../../src/sqlite/store.ts'
import { encode } from '../../src/wire/codec.ts'
import { abuseReportCodec } from '../../src/wire/mimi/report-abuse.ts'
import { cpuMicros } from '../processes.ts'

export interface MeasuredIntake {
  readonly perSecond: number
  /** By the CPU time of all processes: what one core would take if it did nothing else. */
  readonly perCoreSecond: number
}

/**
 * Reports, each of one message that nobody has reported before: opened in the verifier's process,
 * checked, sealed, on the disk. This process, the verifier's and the writer share a core where the
 * benchmark pins them.
 */
export async function measureIntake(directory: string): Promise<MeasuredIntake> {
  const path = join(directory, 'intake.db')
  const migrations = [...reportMigrations, ...relayLogMigrations]
  await using store = await openStore({ path, migrations })
  const relayLog = createRelayLog({ store, keys: await loadDayKeys(join(directory, 'intake')) })
  await relayLog.ready(NOW_MS)
  const sealing = generateKeyPairSync('x25519')
  using pool = createVerifierPool({
    keys: () => ({
      open: [{ id: 'key', bytes: rawKey(sealing.privateKey) }],
      seal: { id: 'key', bytes: rawKey(sealing.publicKey) },
    }),
  })
  const desk = createReportDesk({
    store,
    domain: parseProviderDomain('hub.example'),
    open: pool.open,
    handleKey: createSecretKey(randomBytes(32)),
    verify: createReportVerifier({
      agent,
      clock,
      retentionMs: 30 * 86_400_000,
      relayed: ({ room, sender, frankingTag }) => relayLog.find(room, frankingTag, sender),
    }),
    room: () => ({
      createdAtMs: 0,
      timeBucketMs: 0,
      ciphersuites: [1],
      relayLogComplete: true,
      subjectForm: 'exact',
    }),
    clock,
  })
  const reports = Array.from({ length: REPORTS }, report)
  await Promise.all(reports.splice(0, WARM_UP).map((one) => desk.receive(one)))
  const startMs = performance.now()
  const startMicros = cpuMicros(process.pid)
  const count = reports.length
  const receipts = await Promise.all(Array.from({ length: AT_ONCE }, () => lane(desk, reports)))
  const seconds = (performance.now() - startMs) / 1_000
  const coreSeconds = (cpuMicros(process.pid) - startMicros) / 1e6
  if (receipts.flat().some(({ result }) => result !== 'verified')) throw new Error('not verified')
  return { perSecond: count / seconds, perCoreSecond: count / coreSeconds }
}

async function lane(
  desk: Pick<ReturnType<typeof createReportDesk>, 'receive'>,
  reports: ReportExchange[],
) {
  const receipts = []
  for (let next = reports.pop(); next !== undefined; next = reports.pop())
    receipts.push(await desk.receive(next))
  return receipts
}

function report(): ReportExchange {
  const { applicationData } = composeMessage(
    { senderUri: SENDER, roomUri: ROOM },
    { body: textBody('something that nobody wants to read') },
    randomBytes,
  )
  const frankingTag = readApplicationData(applicationData)?.frankingTag ?? Buffer.alloc(32)
  const frank = agent.stamp({ room: ROOM, sender: SENDER, frankingTag, timestampMs: NOW_MS })
  const bytes = encode(abuseReportCodec, {
    reportingUser: '',
    allegedAbuserUri: SENDER,
    reasonCode: 'reserved',
    note: Buffer.from('please look'),
    messages: [
      {
        messageContent: applicationData,
        frank: frankStruct(frank),
        acceptedTimestamp: BigInt(NOW_MS),
      },
    ],
    abuseExtensions: { componentData: [] },
  })
  return {
    bytes,
    origin: { kind: 'peer', domain: parseProviderDomain('c.example') },
    room: parseMimiUri(ROOM, 'room'),
    reporter: undefined,
    subject: parseMimiUri(SENDER, 'user'),
  }
}

function clock(): number {
  return NOW_MS
}

const NOW_MS = 1_795_132_800_000
const ROOM = 'mimi://hub.example/r/Rl33FWLCYWOwxHrYnpWDQg'
const SENDER = 'mimi://b.example/u/0f8fad5b-d9cb-469f-a165-70867728950e'
const WARM_UP = 500
const REPORTS = 4_500
const AT_ONCE = 64
const agent = createFrankingAgent({
  domain: 'hub.example',
  ciphersuite: 1,
  signingKey: generateKeyPairSync('ed25519').privateKey,
  master: createSecretKey(randomBytes(32)),
})
