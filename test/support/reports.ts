import { createSecretKey, generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { readApplicationData } from '../../src/franking/application-data.ts'
import { frankStruct } from '../../src/franking/frank-struct.ts'
import { createReportVerifier } from '../../src/franking/verify-report.ts'
import { exportMigrations } from '../../src/exports/count-tables.ts'
import { feedMigrations } from '../../src/feeds/tables.ts'
import { parseMimiUri, parseProviderDomain } from '../../src/model/ids.ts'
import type { ReportExchange } from '../../src/reports/intake.ts'
import { openReport, type OpeningKeySet } from '../../src/reports/open-report.ts'
import {
  createReportDesk,
  type ReportDeskOptions,
  type ReportRoom,
} from '../../src/reports/report-desk.ts'
import { noticeMigrations } from '../../src/notices/tables.ts'
import { caseMigrations } from '../../src/reports/cases/case-tables.ts'
import { reportMigrations } from '../../src/reports/report-store.ts'
import { rawKey } from '../../src/reports/sealing.ts'
import { sanctionsMigrations } from '../../src/sanctions/migrations.ts'
import { openStore, type Migration } from '../../src/sqlite/store.ts'
import { encode } from '../../src/wire/codec.ts'
import { abuseReportCodec, type AbuseReport } from '../../src/wire/mimi/report-abuse.ts'
import { acceptedMs, alice, room, testAgent } from './franking.ts'
import { tempDir } from './temp-dir.ts'

const agent = testAgent()
const sealing = generateKeyPairSync('x25519')

/** The private half of the key that test desks seal to. */
export const openingKey = sealing.privateKey

/** That key as the process for reports has it. */
export const openingKeys: OpeningKeySet = {
  open: [{ id: 'key-1', bytes: rawKey(sealing.privateKey) }],
  seal: { id: 'key-1', bytes: rawKey(sealing.publicKey) },
}

/** An abusive message with its true frank, or with the frank of other content. */
export function abusive(applicationData: Buffer, franked: Buffer = applicationData) {
  const frankingTag = readApplicationData(franked)?.frankingTag ?? Buffer.alloc(32)
  const stamped = { room, sender: alice, frankingTag, timestampMs: acceptedMs }
  return {
    messageContent: applicationData,
    frank: frankStruct(agent.stamp(stamped)),
    acceptedTimestamp: BigInt(acceptedMs),
  }
}

/** A report by a user of c.example about alice, as the adapter hands it on. */
export function reportExchange(
  change: Partial<AbuseReport>,
  exchange: Partial<ReportExchange> = {},
): ReportExchange {
  const report: AbuseReport = {
    reportingUser: 'mimi://c.example/u/cathy',
    allegedAbuserUri: alice,
    reasonCode: 'reserved',
    note: Buffer.alloc(0),
    messages: [],
    abuseExtensions: { componentData: [] },
    ...change,
  }
  const { reportingUser } = report
  return {
    bytes: encode(abuseReportCodec, report),
    origin: { kind: 'peer', domain: parseProviderDomain('c.example') },
    room: parseMimiUri(room, 'room'),
    reporter: reportingUser === '' ? undefined : parseMimiUri(reportingUser, 'user'),
    subject: parseMimiUri(report.allegedAbuserUri, 'user'),
    ...exchange,
  }
}

const migrations = [
  ...reportMigrations,
  ...sanctionsMigrations,
  ...noticeMigrations,
  ...caseMigrations,
  ...feedMigrations,
  ...exportMigrations,
]

/** A desk on a store of its own, closed when the test ends. */
export async function openDesk(
  change: Partial<ReportDeskOptions> & {
    facts?: Partial<ReportRoom>
    /** Of other tables, beside these. */
    migrations?: readonly Migration[]
  } = {},
) {
  const path = join(tempDir(), 'store.db')
  const all = [...migrations, ...(change.migrations ?? [])]
  const store = await openStore({ path, migrations: all })
  onTestFinished(() => store[Symbol.asyncDispose]())
  const clock = change.clock ?? minuteLater
  const facts: ReportRoom = {
    createdAtMs: acceptedMs - 60_000,
    timeBucketMs: 0,
    ciphersuites: [1],
    relayLogComplete: false,
    subjectForm: 'handle',
    ...change.facts,
  }
  const desk = createReportDesk({
    store,
    domain: parseProviderDomain('hub.example'),
    open: async (report) => openReport(report, openingKeys),
    handleKey: createSecretKey(Buffer.alloc(32, 9)),
    verify: createReportVerifier({ agent, clock, retentionMs: 30 * 86_400_000 }),
    room: (asked) => (asked === room ? facts : undefined),
    clock,
    ...change,
  })
  return { desk, store, path }
}

function minuteLater(): number {
  return acceptedMs + 60_000
}
