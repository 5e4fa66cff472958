import type { FrankingAgent } from '../franking/franking-agent.ts'
import type { LogCoverage } from '../franking/log-coverage.ts'
import { relayLogDays, type RelayLog } from '../franking/relay-log.ts'
import { createReportVerifier, type VerifyMessage } from '../franking/verify-report.ts'
import type { KeyRing } from '../keys/key-files.ts'
import { roomTimeWidthMs } from '../metadata/suite.ts'
import type { Suites } from '../metadata/suites.ts'
import type { Clock, Randomness } from '../model/clock.ts'
import type { MimiUri, ProviderDomain } from '../model/ids.ts'
import type { OpenReport } from '../reports/open-report.ts'
import {
  createReportDesk,
  type ReportDesk,
  type ReportDeskOptions,
  type ReportProgress,
  type ReportRoom,
} from '../reports/report-desk.ts'
import { createReportReceipts, type ReportReceipts } from '../reports/report-receipts.ts'
import type { EpochRecord } from '../rooms/epoch-record.ts'
import type { RoomRegistry } from '../rooms/room-registry.ts'
import type { Log } from '../signals/log.ts'
import type { Store } from '../sqlite/store.ts'
import { repeat } from './repeat.ts'

export interface DeskParts {
  readonly domain: ProviderDomain
  readonly store: Store
  readonly keys: KeyRing
  readonly agent: FrankingAgent
  readonly rooms: RoomRegistry
  readonly epochs: EpochRecord
  readonly suites: Suites
  readonly relayLog: RelayLog
  readonly logCoverage: LogCoverage
  /** Where plaintext is read. */
  readonly open: OpenReport
  readonly onTaken: ReportDeskOptions['onTaken']
  readonly log: Log
  /** How a report that is kept stands. */
  readonly progress: (report: string) => ReportProgress
  readonly clock: Clock
  readonly randomness: Randomness
}

export interface OpenedDesk {
  readonly reports: ReportDesk
  readonly reportReceipts: ReportReceipts
}

/** The report desk over the rooms that we are the hub of. */
export function openReportDesk(parts: DeskParts): OpenedDesk {
  const { domain, store, keys, epochs, clock } = parts
  const reports = createReportDesk({
    store,
    domain,
    open: parts.open,
    handleKey: keys.active('report-handles').key,
    verify: messageVerifier(parts),
    room: (room, subject) => reportRoom(parts, room, subject),
    relayedAtMs: (room, sender, tag) => parts.relayLog.find(room, tag, sender)?.timestampMs,
    hadLeaf: (room, proof) => epochs.hadLeaf(room, { ...proof, user: proof.reporter }),
    onTaken: parts.onTaken,
    onFault: (fault) => parts.log.fault('reports.failed', fault),
    progress: parts.progress,
    clock,
    randomness: parts.randomness,
  })
  const reportReceipts = createReportReceipts({
    hub: domain,
    signing: () => keys.active('requirements-signing').key,
    all: () => keys.all('requirements-signing').map(({ key }) => key),
  })
  return { reports, reportReceipts }
}

/** Every few minutes, beginning now, does what should have followed from a report and did not. */
export function startFollowUps(reports: Pick<ReportDesk, 'followUp'>, log: Log): Disposable {
  const run = async (): Promise<void> => {
    try {
      const done = await reports.followUp()
      if (done > 0) log.info('reports.followed-up', { done })
    } catch (error) {
      log.fault('reports.failed', error)
    }
  }
  return repeat(run, FOLLOW_UP_MS)
}

function messageVerifier({ agent, relayLog, epochs, clock }: DeskParts): VerifyMessage {
  return createReportVerifier({
    agent,
    clock,
    retentionMs: RETENTION_MS,
    relayed: ({ room, sender, frankingTag }) => relayLog.find(room, frankingTag, sender),
    hadLeaf: ({ epoch, leafIndex, leafKey, contextHash }, { room, sender }) =>
      epochs.contextHash(room, epoch)?.equals(contextHash) === true &&
      epochs.hadLeaf(room, { epoch, leafIndex, signatureKey: leafKey, user: sender }),
  })
}

function reportRoom(parts: DeskParts, room: MimiUri, subject: MimiUri): ReportRoom | undefined {
  const { rooms, suites, logCoverage, clock } = parts
  const state = rooms.find(room)
  const createdAtMs = rooms.createdAtMs(room)
  if (state === undefined || createdAtMs === undefined) return undefined
  const suite = suites.suiteByName(state.suite)
  return {
    createdAtMs,
    timeBucketMs: suite === undefined ? 0 : roomTimeWidthMs(suite),
    ciphersuites: [state.ciphersuite],
    relayLogComplete: isComplete(logCoverage.since(room), { createdAtMs, nowMs: clock() }),
    isParticipant: rooms.isParticipant(room, subject),
    // What a moderator acts on: the room's own pseudonym, or the user where the suite identifies users.
    subjectForm: 'exact',
  }
}

/** All that can be reported, from the room's first message on or from the oldest that counts. */
function isComplete(
  sinceMs: number | undefined,
  { createdAtMs, nowMs }: { readonly createdAtMs: number; readonly nowMs: number },
): boolean {
  if (sinceMs === undefined) return false
  return sinceMs <= Math.max(createdAtMs, nowMs - RETENTION_MS)
}

const FOLLOW_UP_MS = 300_000
/** How long a message can be reported. */
const RETENTION_MS = relayLogDays * 86_400_000
