import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { NoticeDesk } from '../notices/notice-desk.ts'
import type { ReceivedNotice } from '../notices/received-notices.ts'
import type { Consent, ReportRouter } from '../notices/report-router.ts'
import { sentState, type SentNotice } from '../notices/sent-notices.ts'
import type { ReportDesk, ReportDetail } from '../reports/report-desk.ts'
import type { NoticeHandlers, NoticeList, NoticeView } from './notices-api.ts'

export interface NoticeHandlersOptions {
  readonly desk: NoticeDesk
  readonly router: ReportRouter
  readonly reports: Pick<ReportDesk, 'show'>
  /** To what the reporter of a report agreed. */
  readonly consentOf: (report: ReportDetail['summary']) => Consent
  /** Verified cases for each 10,000 messages of a provider; undefined where there are too few. */
  readonly casesPer10000: (peer: string) => number | undefined
  readonly clock: Clock
}

/** Notices and routes as the control socket shows and takes them. */
export function createNoticeHandlers(options: NoticeHandlersOptions): NoticeHandlers {
  const { desk, router, reports, clock } = options
  const find = (id: string) => viewOf(desk, id, clock())
  const shown = (id: string): NoticeView => {
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
      return shown(id)
    },
    answer: async (id, answer) => {
      await desk.answer(id, answer)
      return shown(id)
    },
    scorecards: () => ({
      peers: desk.scorecards().map((card) => {
        const casesPer10000 = options.casesPer10000(card.peer)
        return { ...card, casesPer10000 }
      }),
    }),
    routes: async (id, { confirmed, decided, order }) => {
      const found = await reports.show(id)
      if (found === undefined) return undefined
      const { summary, checks } = found
      const methods = checks
        .filter(({ result }) => result === 'verified')
        .map(({ method }) => method)
      const report = { ...summary, methods, consent: options.consentOf(summary) }
      const routes = router.routesOf(report, { confirmed, decided, legalOrder: order })
      return {
        routes: routes.map((route) => ({ ...route, policies: [...route.policies] })),
        sent: desk
          .listSent({ about: id, limit: SENT_MAX })
          .map(({ notice }) => sentView(notice, clock())),
      }
    },
  }
}

function viewOf(desk: NoticeDesk, id: string, nowMs: number): NoticeView | undefined {
  const sent = desk.findSent(id)
  if (sent !== undefined) return { sent: sentView(sent, nowMs), message: { ...sent.message } }
  const received = desk.findReceived(id)
  if (received === undefined) return undefined
  return { received: receivedView(received), message: { ...received.message } }
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
