import type { NoticeHandlers } from '../admin/notices-api.ts'
import { createNoticeHandlers } from '../admin/notices-handlers.ts'
import type { PeerClients } from '../delivery/peer-clients.ts'
import type { RelayLog } from '../franking/relay-log.ts'
import type { KeyRing } from '../keys/key-files.ts'
import { verificationKeyOf } from '../metadata/requirements/signing-keys.ts'
import type { Clock, Randomness } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { ProviderDomain } from '../model/ids.ts'
import { decidedEvidence, type Decided, type DecidedEvidence } from '../notices/decided-evidence.ts'
import type { EvidencePorts } from '../notices/evidence-ports.ts'
import { handOver } from '../notices/hand-over.ts'
import { noticeKeptMs } from '../notices/judge-message.ts'
import { createModeratorNotices, type ModeratorNotices } from '../notices/moderator-notices.ts'
import { createNoticeDesk, type NoticeDesk } from '../notices/notice-desk.ts'
import { createNoticeSender, type NoticeSender } from '../notices/notice-sender.ts'
import { createReceivedNotices } from '../notices/received-notices.ts'
import { createReportTaken } from '../notices/report-taken.ts'
import { createReportRouter, type ReportRouter } from '../notices/report-router.ts'
import { showEvidence } from '../notices/show-evidence.ts'
import { createSentNotices } from '../notices/sent-notices.ts'
import { messageBytesMax, messageContentType, noticesPath } from '../notices/signed-message.ts'
import { createStrikeBook } from '../notices/strike-book.ts'
import { createStrikeDesk, type StrikeDesk } from '../notices/strike-desk.ts'
import { createTellModerators, type TellModerators } from '../notices/tell-moderators.ts'
import type { PipelineParts } from '../pipeline/parts.ts'
import type { PeerTable } from '../peers/peer-table.ts'
import { routingEngine } from '../policy/routing/routing-engine.ts'
import { countVerifiedCases } from '../reports/cases/verified-cases.ts'
import type { TakenReport } from '../reports/follow-ups.ts'
import { createHandles } from '../reports/handles.ts'
import type { VerifierPool } from '../reports/verifier-pool.ts'
import { moderatorsOf } from '../rooms/moderators.ts'
import type { RoomRegistry } from '../rooms/room-registry.ts'
import type { Config } from '../settings/config.ts'
import { safeId } from '../signals/log-safe.ts'
import type { Log } from '../signals/log.ts'
import type { Store } from '../sqlite/store.ts'
import { casesPer10000, type AbuseRateParts } from './abuse-rate.ts'
import type { Requirements } from './requirements.ts'
import { strikePorts, type StrikePortsOptions } from './strike-ports.ts'
import { readSubjectPolicies } from './subject-policies.ts'
import { repeat } from './repeat.ts'

export interface NoticesOptions {
  readonly config: Config
  readonly store: Store
  readonly keys: KeyRing
  readonly peers: PeerTable
  readonly peerClients: Pick<PeerClients, 'post'>
  readonly requirements: Requirements
  readonly rooms: RoomRegistry
  readonly relayLog: Pick<RelayLog, 'find'>
  readonly verifier: Pick<VerifierPool, 'forward' | 'read'>
  readonly unnamed: StrikePortsOptions['unnamed']
  readonly log: Log
  readonly clock: Clock
  readonly randomness: Randomness
}

/** Everything that passes between providers about abuse, and where reports go. */
export interface Notices {
  readonly desk: NoticeDesk
  readonly strikes: StrikeDesk
  readonly sender: NoticeSender
  readonly router: ReportRouter
  /** For moderators of rooms of ours. */
  readonly moderatorNotices: ModeratorNotices
  readonly verifiedCases: AbuseRateParts['verifiedCases']
  /** What was reported, where it may go with the notice of a decision. */
  readonly evidenceOf: (decided: Decided) => DecidedEvidence | undefined
  /** Counts a report towards a strike, and sends notices where its reporter agreed to that. */
  readonly onTaken: (report: TakenReport) => Promise<void>
  /** Forgets what has served its time. */
  readonly deleteExpired: () => Promise<number>
}

/** Throws `policy-invalid`. */
export async function openNotices(options: NoticesOptions): Promise<Notices> {
  const { config, store, keys, clock, randomness, log } = options
  const self = config.provider
  const { home, hub } = strikePorts(options)
  const router = await openRouter(options)
  const sent = createSentNotices(store)
  const book = createStrikeBook(store)
  const moderatorNotices = createModeratorNotices(store, clock)
  const onFault = (fault: unknown) => log.fault('notices.failed', fault)
  const late: { sender?: NoticeSender } = {}
  const shared = {
    self,
    keys: noticeKeys(options),
    sent,
    hub,
    clock,
    randomness,
    answerByMs: (peer: ProviderDomain, nowMs: number) => answerByMs(options, peer, nowMs),
    onQueued: () => void late.sender?.sendDue(),
  }
  const desk = createNoticeDesk({
    ...shared,
    store,
    received: createReceivedNotices(store),
    home,
    evidence: evidencePorts(options),
    roomKey: () => keys.active('notice-rooms').key,
  })
  const strikes = createStrikeDesk({
    ...shared,
    book,
    mayStrike: ({ moderator, pseudonym, ...facts }) =>
      router.noticeOfDecision({ ...facts, subject: pseudonym, confirmed: moderator }),
  })
  const sender = createNoticeSender({
    ...shared,
    send: async (message) => {
      if (message.peer !== self) return options.peerClients.post({ ...POST, ...message })
      // We are the hub and the sender's provider.
      const answer = await desk.receive(self, message.bytes)
      return { status: answer === undefined ? 204 : 200, bytes: Buffer.from(answer ?? '') }
    },
    onFault,
  })
  late.sender = sender
  const tellModerators = moderatorTelling(options, router, moderatorNotices)
  return {
    desk: lifting(desk, strikes),
    strikes,
    sender,
    router,
    moderatorNotices,
    verifiedCases: (provider, span) => countVerifiedCases(store, provider, span),
    evidenceOf: (decided) => decidedEvidence({ store, router, sent }, decided),
    onTaken: createReportTaken({ self, desk, strikes, router, tellModerators }),
    deleteExpired: async () =>
      (await desk.deleteExpired()) +
      (await moderatorNotices.deleteBefore(clock() - noticeKeptMs)) +
      (await book.deleteBefore(clock() - STRIKE_REPORTS_KEPT_MS)),
  }
}

/** Whoever takes a strike back lets its pseudonym speak again. */
function lifting(desk: NoticeDesk, strikes: StrikeDesk): NoticeDesk {
  return {
    ...desk,
    retract: async (id, reason) => {
      await strikes.lift(id)
      await desk.retract(id, reason)
    },
  }
}

/** Reporters are kept as handles: whoever has the same one made the report. */
function moderatorTelling(
  { config, store, keys, randomness }: NoticesOptions,
  router: ReportRouter,
  notices: ModeratorNotices,
): TellModerators {
  const handles = createHandles(keys.active('report-handles').key)
  return createTellModerators({
    store,
    router,
    notices,
    isReporter: (report, uri) =>
      handles.reporter({ uri, provider: config.provider }, report) === report.reporter,
    randomness,
  })
}

async function openRouter(options: NoticesOptions): Promise<ReportRouter> {
  const { config, store, peers, rooms, clock } = options
  const loaded = await readSubjectPolicies('routing', config.routingPolicies, clock)
  return createReportRouter({
    engine: routingEngine(loaded, clock),
    self: config.provider,
    store,
    standingOf: (domain) => standingOf(peers, domain),
    participantsOf: (room) => rooms.find(room)?.participants ?? [],
    moderatorsOf: (room) => {
      const state = rooms.find(room)
      return state === undefined ? [] : moderatorsOf(state)
    },
  })
}

/** What an operator may ask and do about notices. */
export function noticeHandlers({
  notices,
  reports,
  cases: { noticeOpenings: openings, disclosures, findingOf },
  receipts,
  peers,
  keys,
  log,
  clock,
}: Pick<PipelineParts, 'reports' | 'cases' | 'receipts' | 'peers' | 'clock'> & {
  readonly notices: Notices
  readonly keys: KeyRing
  readonly log: Log
}): NoticeHandlers {
  const shared = {
    self: peers.self,
    keys: (id: string) => keys.all('report-sealing').find((key) => key.id === id)?.key,
  }
  const showing = {
    ...shared,
    desk: notices.desk,
    openings,
    onOpened: (notice: string) => log.info('notice.opened', { notice: safeId(notice) }),
  }
  const handing = {
    ...shared,
    ...notices,
    reports,
    disclosures,
    findingOf,
    onOpened: (report: string) => log.info('report.opened', { report: safeId(report) }),
  }
  return createNoticeHandlers({
    ...notices,
    reports,
    openings,
    findingOf,
    showEvidence: (actor, id) => showEvidence(showing, actor, id),
    handOver: (actor, order) => handOver(handing, actor, order),
    clock,
    casesPer10000: (peer) => casesPer10000({ ...notices, receipts }, peer, clock()),
  })
}

/** Sends what waits, now and every few seconds. */
export function startNotices({ sender }: Notices): AsyncDisposable {
  const timer = repeat(() => sender.sendDue(), INTERVAL_MS)
  return {
    [Symbol.asyncDispose]: async () => {
      timer[Symbol.dispose]()
      await sender.stop()
    },
  }
}

function evidencePorts({ verifier, relayLog, requirements, clock }: NoticesOptions): EvidencePorts {
  return {
    forward: verifier.forward,
    read: verifier.read,
    ownLog: (room, frankingTag, sender) => relayLog.find(room, frankingTag, sender),
    keyOf: (peer) => {
      const document = requirements.documents.latest(peer)?.document
      const key = document?.reports?.sealingKey ?? undefined
      if (document === undefined || key === undefined) return undefined
      // Its private half may be destroyed once the document does not count any more.
      if (document.expiresAt * 1_000 <= clock()) return undefined
      return { id: key.kid, bytes: Buffer.from(key.x, 'base64url') }
    },
  }
}

function noticeKeys({ keys, requirements }: NoticesOptions) {
  const { own, documents, discovery } = requirements
  return {
    signer: () => {
      const named = new Set(own.current().document.keys.keys.map(({ kid }) => kid))
      const found = keys
        .all('requirements-signing')
        .find(({ key }) => named.has(verificationKeyOf(key).kid))
      if (found !== undefined) return found.key
      throw new GatewayError('key-unavailable', { facts: { reason: 'not-in-document' } })
    },
    of: (peer: ProviderDomain) => documents.latest(peer)?.document.keys.keys ?? [],
    refresh: (peer: ProviderDomain) => discovery.refreshOnDemand(peer),
  }
}

/** As soon as the provider itself promises to decide. */
function answerByMs({ requirements }: NoticesOptions, peer: ProviderDomain, nowMs: number): number {
  const promised = requirements.documents.latest(peer)?.document.reports?.decideHours
  return nowMs + Math.min(promised ?? ANSWER_HOURS, ANSWER_HOURS_MAX) * HOUR_MS
}

/** A listed provider answers notices; one with an agreement is bound; nobody else is known. */
function standingOf(peers: PeerTable, domain: string) {
  if (domain === peers.self) return { domain, trust: 3, hostile: false, singleUser: false }
  const profile = peers.all().find((known) => known.domain === domain)
  const trust = profile?.allow !== true ? 0 : profile.facts.agreement ? 2 : 1
  const { hostile = false, singleUser = false } = profile ?? {}
  return { domain, trust, hostile, singleUser }
}

const HOUR_MS = 3_600_000
const INTERVAL_MS = 5_000
const ANSWER_HOURS = 168
const ANSWER_HOURS_MAX = 2_160
/** As long as a message can be reported. */
const STRIKE_REPORTS_KEPT_MS = 31 * 24 * HOUR_MS
const POST = {
  path: noticesPath,
  contentType: messageContentType,
  answerBytesMax: messageBytesMax,
  deadlineMs: 15_000,
} as const
