import { createHmac, randomBytes, type KeyObject } from 'node:crypto'
import type { ReportedRoom, VerifyMessage } from '../franking/verify-report.ts'
import type { Clock, Randomness } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { Origin } from '../model/exchange.ts'
import { parseMimiUri, uriDomain, type MimiUri, type ProviderDomain } from '../model/ids.ts'
import type { Store } from '../sqlite/store.ts'
import { readEvidence, type Evidence } from './evidence.ts'
import { RETENTION_MS } from './cases/retention-classes.ts'
import { createFollowUps, type TakenReport } from './follow-ups.ts'
import { createHandles, type Handles } from './handles.ts'
import {
  checkCarrier,
  checkClaims,
  requireOpened,
  type CheckedReport,
  type ReportExchange,
  type ReportResult,
} from './intake.ts'
import type { OpenedReport, OpenReport, ProofClaim } from './open-report.ts'
import { listPathAnomalies, type PathAnomaly } from './path-anomalies.ts'
import { isSpamId, newReportId, newSpamId } from './report-id.ts'
import type { IssuedReceipt } from './report-receipts.ts'
import {
  createReportStore,
  type InsertOutcome,
  type MessageCheck,
  type NewReport,
  type ReporterProof,
  type ReportFilter,
  type ReportSummary,
} from './report-store.ts'
import { openEvidence, rawKey } from './sealing.ts'
import {
  createSpamBook,
  isRecentSpam,
  spamKeptMs,
  type SpamBook,
  type SpamCount,
} from './spam-book.ts'

/** What the desk has to know of a room, or of one that existed within the retention. */
export interface ReportRoom extends Omit<ReportedRoom, 'room' | 'allegedAbuser'> {
  /** Whether the operator may keep the subject's URI, or only a handle. */
  readonly subjectForm: 'exact' | 'handle'
}

export interface ReportDeskOptions {
  readonly store: Store
  /** The provider that local users' reports come from. */
  readonly domain: ProviderDomain
  /** Where plaintext is read; seals evidence again to our own key. */
  readonly open: OpenReport
  /** 32 octets of the purpose `report-handles`. */
  readonly handleKey: KeyObject
  readonly verify: VerifyMessage
  readonly room: (room: MimiUri, subject: MimiUri) => ReportRoom | undefined
  /** Whether the room had this leaf, for reporters who sign. */
  readonly hadLeaf?: (room: MimiUri, proof: ProofClaim) => boolean
  /** When we relayed a message of this sender with this tag; undefined where we did not. */
  readonly relayedAtMs?: (room: MimiUri, sender: MimiUri, frankingTag: Buffer) => number | undefined
  /** How a report that is kept stands; `received` where nobody works on it. */
  readonly progress?: (reportId: string) => ReportProgress
  /**
   * Does what follows from a report with messages that was kept. Where it rejects, the report is taken
   * all the same, and this is asked again later.
   */
  readonly onTaken?: ((report: TakenReport) => Promise<void>) | undefined
  /** Told where `onTaken` rejects. */
  readonly onFault?: (fault: unknown) => void
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

/** What a reporter is told, with the class of an outcome and no more. */
export type ReportProgress = 'received' | 'under_review' | `decided:${string}`

/** Finds a private report-sealing key by its id. */
export type OpeningKeys = (keyId: string) => KeyObject | undefined

/** Takes, keeps and shows abuse reports. */
export interface ReportDesk {
  /**
   * Verifies, seals and stores a report; durable when it resolves, whatever the result. Throws
   * `room-unknown`, `body-too-large`, `actor-mismatch`, `malformed-body`, `report-invalid`,
   * `verifier-unavailable`, `store-unavailable`.
   */
  receive(exchange: ReportExchange): Promise<ReportReceipt>
  /** Which followers handed on what had been tampered with, and how often. */
  pathAnomalies(): readonly PathAnomaly[]
  /** Senders that were reported as spam without content, in the last 7 days. */
  spamCounts(): readonly SpamCount[]
  /** Forgets what was reported as spam before that. Resolves to the number of rows that are gone. */
  forgetSpam(): Promise<number>
  /**
   * How the report of a receipt stands. Of one that was never kept, as spam or as one about a room that
   * is not there, no more is said than of one that waits; undefined once it would be forgotten.
   */
  status(receipt: IssuedReceipt): ReportProgress | undefined
  /** Does what should have followed from earlier reports and did not; resolves to their number. */
  followUp(): Promise<number>
  /** Newest first. */
  list(filter?: ReportFilter): readonly ReportSummary[]
  /** Undefined for an unknown id. With `keys`, opens the evidence; throws `key-unavailable` where it cannot. */
  show(id: string, keys?: OpeningKeys): Promise<ReportDetail | undefined>
}

export function createReportDesk(options: ReportDeskOptions): ReportDesk {
  const { store, clock } = options
  const reports = createReportStore(store)
  const handles = createHandles(options.handleKey)
  const spam = createSpamBook(store, options.handleKey)
  const { onTaken: work } = options
  const follow = work && createFollowUps({ store, reports, clock, work })
  return {
    receive: async (exchange) => {
      const examined = await examine(exchange, options)
      // Only now: a bad report of a room that is not there fails like that of any other.
      if (examined.facts === undefined) throw new RoomUnknownError(examined)
      const report = newReport({ exchange, examined, facts: examined.facts }, options, handles)
      if (isToken(examined)) return takeSpam({ report, examined, exchange }, { options, spam })
      const outcome = await reports.insert(report, follow && [follow.statement(report)])
      if (outcome.kind === 'stored')
        await follow?.run(report).catch((fault: unknown) => options.onFault?.(fault))
      return receiptOf(report, outcome)
    },
    pathAnomalies: () => listPathAnomalies(store),
    spamCounts: () => spam.counts(),
    status: ({ report, issuedAtMs }) => {
      if (reports.has(report)) return options.progress?.(report) ?? 'received'
      const keptMs = isSpamId(report) ? spamKeptMs : RETENTION_MS['not-verified']
      return clock() - issuedAtMs < keptMs ? 'received' : undefined
    },
    followUp: async () => follow?.runAll() ?? 0,
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
      const report = openEvidence({ bytes: rawKey(key) }, id, sealed)
      return { summary, checks, evidence: readEvidence(report) }
    },
    forgetSpam: () => spam.forget(clock()),
  }
}

/** `room-unknown`, with what would have been answered if the room were there. */
export class RoomUnknownError extends GatewayError {
  readonly receipt: Omit<ReportReceipt, 'category'>

  constructor({ id, receivedAtMs, checked }: Pick<Examined, 'id' | 'receivedAtMs' | 'checked'>) {
    super('room-unknown')
    this.receipt = { id, receivedAtMs, result: checked.result, duplicate: false }
  }
}

interface Examined {
  readonly id: string
  readonly receivedAtMs: number
  readonly provider: ProviderDomain
  readonly opened: Extract<OpenedReport, { readonly kind: 'opened' }>
  readonly checked: CheckedReport
  /** Undefined where there is no such room. */
  readonly facts: ReportRoom | undefined
}

/** All checks, before anything is kept. */
async function examine(exchange: ReportExchange, options: ReportDeskOptions): Promise<Examined> {
  const { clock, randomness = randomBytes, domain } = options
  const { room, subject, bytes, origin } = exchange
  const provider = providerOf(origin, domain)
  checkCarrier(exchange, provider)
  const receivedAtMs = clock()
  const id = newReportId(receivedAtMs, randomness)
  const opened = requireOpened(await options.open({ reportId: id, room, bytes }))
  const facts = options.room(room, subject)
  const held = { ...(facts ?? NO_ROOM), room, allegedAbuser: subject }
  const checked = checkClaims(opened.claims, held, options.verify)
  const examined = { id, receivedAtMs, provider, opened, checked, facts }
  return isToken(examined) ? { ...examined, id: newSpamId(receivedAtMs, randomness) } : examined
}

/** Content-free: a tag and nothing else to check. */
function isToken({ opened, checked }: Pick<Examined, 'opened' | 'checked'>): boolean {
  return opened.token !== undefined && checked.messages.length === 0
}

interface TakenSpam {
  readonly report: NewReport
  readonly examined: Examined
  readonly exchange: ReportExchange
}

/** Counts where we relayed the message lately; answered the same where we did not. */
async function takeSpam(
  { report, examined, exchange }: TakenSpam,
  { options, spam }: { readonly options: ReportDeskOptions; readonly spam: SpamBook },
): Promise<ReportReceipt> {
  const { id, receivedAtMs, room, provider, subject, reporter } = report
  const { token } = examined.opened
  const atMs = token && options.relayedAtMs?.(exchange.room, exchange.subject, token)
  const counts = atMs !== undefined && isRecentSpam(atMs, receivedAtMs)
  if (token !== undefined && counts)
    await spam.take({
      room,
      subject,
      provider,
      reporter,
      frankingTag: token,
      nowMs: receivedAtMs,
    })
  const result = counts ? 'verified' : 'unverifiable'
  return { id, receivedAtMs, result, category: report.category, duplicate: false }
}

interface Kept {
  readonly exchange: ReportExchange
  readonly examined: Examined
  readonly facts: ReportRoom
}

function newReport(
  { exchange, examined, facts }: Kept,
  options: ReportDeskOptions,
  handles: Handles,
): NewReport {
  const { room, subject } = exchange
  const { id, receivedAtMs, provider, opened, checked } = examined
  const { reporter: user, reporterProof } = reporterOf({ exchange, examined }, options)
  const name = { uri: user, provider }
  const reporter = handles.reporter(name, exchange)
  const isEmpty = checked.messages.length === 0
  return {
    id,
    receivedAtMs,
    room,
    provider,
    subject: facts.subjectForm === 'exact' ? subject : handles.subject(subject),
    reporter,
    track: handles.track(name, receivedAtMs),
    category: opened.category,
    consentFlags: opened.consentFlags,
    reporterProof,
    messages: checked.messages.length,
    result: checked.result,
    checked: checked.messages,
    digest: isEmpty ? digestOf(options.handleKey, reporter, opened.contentDigest) : undefined,
    evidence: opened.evidence,
  }
}

/** Who reports: as the provider says, or as a key of the room proves where it says nothing. */
function reporterOf(
  { exchange, examined }: Pick<Kept, 'exchange' | 'examined'>,
  { hadLeaf }: ReportDeskOptions,
): { readonly reporter: MimiUri | undefined; readonly reporterProof: ReporterProof } {
  const { room, reporter } = exchange
  const { proof, hasProof } = examined.opened
  if (!hasProof) return { reporter, reporterProof: 'none' }
  const isProven =
    proof !== undefined &&
    (reporter === undefined || reporter === proof.reporter) &&
    hadLeaf?.(room, proof) === true
  if (!isProven) return { reporter, reporterProof: 'not-proven' }
  const named = parseMimiUri(proof.reporter, 'user')
  if (uriDomain(named) !== examined.provider) return { reporter, reporterProof: 'not-proven' }
  return { reporter: named, reporterProof: 'proven' }
}

/** Keyed: what a report without messages says could be guessed. */
function digestOf(key: KeyObject, reporter: string, contentDigest: Buffer): Buffer {
  return createHmac('sha256', key).update('digest').update(reporter).update(contentDigest).digest()
}

/** What a report is held against where there is nothing to hold it against. */
const NO_ROOM: ReportRoom = {
  createdAtMs: 0,
  timeBucketMs: 0,
  ciphersuites: [],
  relayLogComplete: false,
  subjectForm: 'handle',
}

function receiptOf(taken: NewReport, outcome: InsertOutcome): ReportReceipt {
  const duplicate = outcome.kind === 'duplicate'
  const { id, receivedAtMs, result, category } = duplicate ? outcome.report : taken
  return { id, receivedAtMs, result, category, duplicate }
}

function providerOf(origin: Origin, domain: ProviderDomain): ProviderDomain {
  return origin.kind === 'local' ? domain : origin.domain
}
