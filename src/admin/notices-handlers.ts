import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { EvidenceCheck } from '../notices/check-evidence.ts'
import type { HandedOver, HandOverOrder } from '../notices/hand-over.ts'
import type { ModeratorNotices } from '../notices/moderator-notices.ts'
import type { NoticeDesk } from '../notices/notice-desk.ts'
import type { ReceivedNotice } from '../notices/received-notices.ts'
import type { ReportRouter } from '../notices/report-router.ts'
import { routableReport } from '../notices/routable-report.ts'
import type { ShownForwarded } from '../notices/show-evidence.ts'
import { sentState, type SentNotice } from '../notices/sent-notices.ts'
import type { CaseFinding } from '../reports/cases/feedback.ts'
import type { NoticeOpenings } from '../reports/cases/notice-openings.ts'
import type { Actor } from '../reports/cases/team.ts'
import type { ShownMessage } from '../reports/evidence.ts'
import type { ReportDesk } from '../reports/report-desk.ts'
import type {
  NoticeHandlers,
  NoticeList,
  NoticeView,
  RouteList,
  SupposedQuery,
} from './notices-api.ts'

export interface NoticeHandlersOptions {
  readonly desk: NoticeDesk
  readonly router: ReportRouter
  readonly moderatorNotices: Pick<ModeratorNotices, 'ofReport'>
  readonly reports: Pick<ReportDesk, 'show'>
  /** Who opened the evidence of which notice. */
  readonly openings: Pick<NoticeOpenings, 'of'>
  /** Opens it. */
  readonly showEvidence: (actor: Actor, id: string) => Promise<ShownForwarded>
  /** What the case of a report found. */
  readonly findingOf: (report: string) => CaseFinding
  /** Opens a report for an authority. */
  readonly handOver: (actor: Actor, order: HandOverOrder) => Promise<HandedOver>
  /** Verified cases for each 10,000 messages of a provider; undefined where there are too few. */
  readonly casesPer10000: (peer: string) => number | undefined
  readonly clock: Clock
}

/** Notices and routes as the control socket shows and takes them. */
export function createNoticeHandlers(options: NoticeHandlersOptions): NoticeHandlers {
  const { desk, clock } = options
  const find = (id: string) => viewOf(options, id, clock())
  const present = (id: string): NoticeView => {
    const view = find(id)
    if (view === undefined) throw new GatewayError('not-found')
    return view
  }
  return {
    list: ({ peer, sentBefore, receivedBefore, limit }) => {
      const nowMs = clock()
      const sent = desk.listSent({ peer, before: sentBefore, limit })
      const received = desk.listReceived({ peer, before: receivedBefore, limit })
      const nextSent = sent.length === limit ? sent.at(-1)?.position : undefined
      const nextReceived = received.length === limit ? received.at(-1)?.position : undefined
      return {
        sent: sent.map(({ notice }) => sentView(notice, nowMs)),
        received: received.map(({ notice }) => receivedView(notice)),
        ...(nextSent !== undefined && { nextSent }),
        ...(nextReceived !== undefined && { nextReceived }),
      }
    },
    find,
    retract: async (id) => {
      await desk.retract(id, 'reversed')
      return present(id)
    },
    answer: async (id, answer) => {
      await desk.answer(id, answer)
      return present(id)
    },
    evidence: async (id, { as, mfa }) => {
      const shown = await options.showEvidence({ name: as, mfa }, id)
      return { ...shown, messages: shown.messages.map(messageView) }
    },
    handOver: async (report, { as, mfa, authority, basis }) => {
      const handed = await options.handOver({ name: as, mfa }, { report, authority, basis })
      return {
        ...handed,
        policies: [...handed.policies],
        messages: handed.messages.map((message) => ({
          ...messageView(message),
          attachments: [...message.attachments],
        })),
        proofs: [...handed.proofs],
      }
    },
    scorecards: () => ({
      peers: desk.scorecards().map((card) => {
        const casesPer10000 = options.casesPer10000(card.peer)
        return { ...card, casesPer10000 }
      }),
    }),
    routes: (id, supposed) => routesOf(options, id, supposed),
  }
}

/** As the report's case stands, or as if it stood further. */
async function routesOf(
  { desk, router, moderatorNotices, reports, findingOf, clock }: NoticeHandlersOptions,
  id: string,
  supposed: SupposedQuery,
): Promise<RouteList | undefined> {
  const found = await reports.show(id)
  if (found === undefined) return undefined
  const finding = findingOf(id)
  const told = moderatorNotices.ofReport(id)
  const report = routableReport(found)
  const category = finding.confirmed ?? report.category
  const routes = router.routesOf(
    { ...report, category },
    {
      confirmed: finding.confirmed !== undefined || supposed.confirmed,
      decided: finding.decided || supposed.decided,
      legalOrder: supposed.order,
    },
  )
  return {
    case: {
      decided: finding.decided,
      ...(finding.confirmed !== undefined && { confirmed: finding.confirmed }),
    },
    routes: routes.map((route) => ({ ...route, policies: [...route.policies] })),
    sent: desk
      .listSent({ about: id, limit: SENT_MAX })
      .map(({ notice }) => sentView(notice, clock())),
    ...(told !== undefined && { told: { ...told, policies: [...told.policies] } }),
  }
}

function viewOf(
  { desk, openings }: Pick<NoticeHandlersOptions, 'desk' | 'openings'>,
  id: string,
  nowMs: number,
): NoticeView | undefined {
  const sent = desk.findSent(id)
  if (sent !== undefined) return { sent: sentView(sent, nowMs), message: { ...sent.message } }
  const received = desk.findReceived(id)
  if (received === undefined) return undefined
  const { peer, check, message } = received
  return {
    received: receivedView(received),
    message: { ...message },
    ...(check !== undefined && {
      check: checkView(check),
      openings: [...openings.of(peer, id)],
    }),
  }
}

function messageView<Message extends ShownMessage>(message: Message) {
  return { ...message, texts: [...message.texts] }
}

function checkView(check: EvidenceCheck): NoticeView['check'] {
  if (check.kind === 'unreadable') return check
  const messages = check.messages.map(({ steps, ...proof }) => ({ ...proof, steps: [...steps] }))
  return { ...check, messages }
}

function sentView(notice: SentNotice, nowMs: number): NoticeList['sent'][number] {
  const { id, peer, message, about, policies, createdAtMs, untilMs, attempts } = notice
  const { answeredAtMs, actionClass, ownLogMatch, refusedStatus, retractedAtMs } = notice
  return {
    id,
    peer,
    type: message.type,
    state: sentState(notice, nowMs),
    answerByMs: untilMs,
    about,
    policies: [...policies],
    createdAtMs,
    attempts,
    answeredAtMs,
    actionClass,
    ownLogMatch,
    refusedStatus,
    retractedAtMs,
  }
}

function receivedView(notice: ReceivedNotice): NoticeList['received'][number] {
  const { id, peer, message, state, receivedAtMs, hasEvidence, untilMs } = notice
  const { decidedAtMs, withdrawnAtMs, actionClass, ownLogMatch } = notice
  return {
    id,
    peer,
    type: message.type,
    state: withdrawnAtMs === undefined ? state : 'withdrawn',
    receivedAtMs,
    hasEvidence,
    answerByMs: untilMs,
    decidedAtMs,
    withdrawnAtMs,
    actionClass,
    ownLogMatch,
  }
}

const SENT_MAX = 100
