import { randomBytes, type KeyObject } from 'node:crypto'
import type { ReportedRoom, VerifyMessage } from '../franking/verify-report.ts'
import type { Clock, Randomness } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { Origin } from '../model/exchange.ts'
import type { MimiUri, ProviderDomain } from '../model/ids.ts'
import type { Store } from '../sqlite/store.ts'
import { readEvidence, type Evidence } from './evidence.ts'
import { createHandles } from './handles.ts'
import {
  checkReport,
  type CheckedReport,
  type ReportExchange,
  type ReportResult,
} from './intake.ts'
import { newReportId } from './report-id.ts'
import {
  createReportStore,
  type InsertOutcome,
  type MessageCheck,
  type ReportFilter,
  type ReportSummary,
} from './report-store.ts'
import { openEvidence, sealEvidence, type SealingKey } from './sealing.ts'

/** What the desk has to know of a room, or of one that existed within the retention. */
export interface ReportRoom extends Omit<ReportedRoom, 'room' | 'allegedAbuser'> {
  /** Whether the operator may keep the subject's URI, or only a handle. */
  readonly subjectForm: 'exact' | 'handle'
}

export interface ReportDeskOptions {
  readonly store: Store
  /** The provider that local users' reports come from. */
  readonly domain: ProviderDomain
  /** The key that is active now. */
  readonly sealingKey: () => SealingKey
  /** 32 octets of the purpose `report-handles`. */
  readonly handleKey: KeyObject
  readonly verify: VerifyMessage
  readonly room: (room: MimiUri) => ReportRoom | undefined
  readonly clock: Clock
  readonly randomness?: Randomness
}

/** What is said about a report that was taken; it goes into the event, not over the wire. */
export interface ReportReceipt {
  readonly id: string
  readonly receivedAtMs: number
  readonly result: ReportResult
  readonly category: string
  /** The reporter had reported all of it before, under this id. */
  readonly duplicate: boolean
}

export interface ReportDetail {
  readonly summary: ReportSummary
  readonly checks: readonly MessageCheck[]
  /** Only where it was asked for, with the key that opens it. */
  readonly evidence: Evidence | undefined
}

/** Finds a private report-sealing key by its id. */
export type OpeningKeys = (keyId: string) => KeyObject | undefined

/** Takes, keeps and shows abuse reports. */
export interface ReportDesk {
  /**
   * Verifies, seals and stores a report; durable when it resolves, whatever the result.
   * Throws `room-unknown`, the codes of `checkReport`, `store-unavailable`.
   */
  receive(exchange: ReportExchange): Promise<ReportReceipt>
  /** What `receive` would say, without keeping anything. Throws the codes of `checkReport`. */
  judge(exchange: ReportExchange): ReportResult
  /** Newest first. */
  list(filter?: ReportFilter): readonly ReportSummary[]
  /** Undefined for an unknown id. With `keys`, opens the evidence; throws `key-unavailable` where it cannot. */
  show(id: string, keys?: OpeningKeys): Promise<ReportDetail | undefined>
  /** Resolves to the number of reports that were deleted. */
  deleteOlderThan(ageMs: number): Promise<number>
}

export function createReportDesk(options: ReportDeskOptions): ReportDesk {
  const { store, clock, randomness = randomBytes } = options
  const reports = createReportStore(store)
  const handles = createHandles(options.handleKey)
  const check = (exchange: ReportExchange) => {
    const facts = options.room(exchange.room)
    const provider = providerOf(exchange.origin, options.domain)
    const checks = { verify: options.verify, room: facts ?? NO_ROOM, provider }
    return { facts, provider, checked: checkReport(exchange, checks) }
  }

  return {
    receive: async (exchange) => {
      const { room, reporter, subject, bytes } = exchange
      const { facts, provider, checked } = check(exchange)
      // Only now: a bad report of a room that is not there fails like that of any other.
      if (facts === undefined) throw new GatewayError('room-unknown')
      const receivedAtMs = clock()
      const id = newReportId(receivedAtMs, randomness)
      const outcome = await reports.insert({
        id,
        receivedAtMs,
        room,
        provider,
        subject: facts.subjectForm === 'exact' ? subject : handles.subject(subject),
        reporter: handles.reporter(reporter, provider),
        category: checked.category,
        messages: checked.messages.length,
        result: checked.result,
        checked: checked.messages,
        evidence: await sealEvidence(options.sealingKey(), id, bytes),
      })
      return receiptOf({ id, receivedAtMs, checked }, outcome)
    },
    judge: (exchange) => check(exchange).checked.result,
    list: (filter = {}) => reports.list(filter),
    show: async (id, keys) => {
      const found = reports.find(id)
      if (found === undefined) return undefined
      const { summary, checks, evidence: sealed } = found
      if (keys === undefined) return { summary, checks, evidence: undefined }
      const key = keys(sealed.keyId)
      if (key === undefined)
        throw new GatewayError('key-unavailable', {
          facts: { reason: 'unknown', key: sealed.keyId },
        })
      return { summary, checks, evidence: readEvidence(await openEvidence(key, id, sealed)) }
    },
    deleteOlderThan: (ageMs) => reports.deleteBefore(clock() - ageMs),
  }
}

/** What a report is held against where there is nothing to hold it against. */
const NO_ROOM: ReportRoom = {
  createdAtMs: 0,
  timeBucketMs: 0,
  ciphersuites: [],
  relayLogComplete: false,
  subjectForm: 'handle',
}

function receiptOf(
  taken: { readonly id: string; readonly receivedAtMs: number; readonly checked: CheckedReport },
  outcome: InsertOutcome,
): ReportReceipt {
  if (outcome.kind === 'duplicate') {
    const { id, receivedAtMs, result, category } = outcome.report
    return { id, receivedAtMs, result, category, duplicate: true }
  }
  const { id, receivedAtMs, checked } = taken
  const { result, category } = checked
  return { id, receivedAtMs, result, category, duplicate: false }
}

function providerOf(origin: Origin, domain: ProviderDomain): ProviderDomain {
  return origin.kind === 'local' ? domain : origin.domain
}
