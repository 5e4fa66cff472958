import { createPublicKey } from 'node:crypto'
import type { FrankingAgent } from '../franking/franking-agent.ts'
import type { LogCoverage } from '../franking/log-coverage.ts'
import { relayLogDays, type RelayLog } from '../franking/relay-log.ts'
import { createReportVerifier } from '../franking/verify-report.ts'
import type { KeyRing } from '../keys/key-files.ts'
import { roomTimeWidthMs } from '../metadata/suite.ts'
import type { Suites } from '../metadata/suites.ts'
import type { Clock } from '../model/clock.ts'
import type { MimiUri, ProviderDomain } from '../model/ids.ts'
import { createReportDesk, type ReportDesk, type ReportRoom } from '../reports/report-desk.ts'
import type { RoomRegistry } from '../rooms/room-registry.ts'
import type { Store } from '../sqlite/store.ts'

export interface DeskParts {
  readonly domain: ProviderDomain
  readonly store: Store
  readonly keys: KeyRing
  readonly agent: FrankingAgent
  readonly rooms: RoomRegistry
  readonly suites: Suites
  readonly relayLog: RelayLog
  readonly logCoverage: LogCoverage
  readonly clock: Clock
}

/** The report desk over the rooms that we are the hub of. */
export function openReportDesk(parts: DeskParts): ReportDesk {
  const { domain, store, keys, agent, relayLog, clock } = parts
  return createReportDesk({
    store,
    domain,
    sealingKey: () => {
      const { id, key } = keys.active('report-sealing')
      return { id, publicKey: createPublicKey(key) }
    },
    handleKey: keys.active('report-handles').key,
    verify: createReportVerifier({
      agent,
      clock,
      retentionMs: RETENTION_MS,
      relayed: ({ room, sender, frankingTag }) => relayLog.find(room, frankingTag, sender),
    }),
    room: (room) => reportRoom(parts, room),
    clock,
  })
}

function reportRoom(parts: DeskParts, room: MimiUri): ReportRoom | undefined {
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

/** How long a message can be reported. */
const RETENTION_MS = relayLogDays * 86_400_000
