import { z } from 'zod'
import { actorBody } from './cases-api.ts'
import { idOf, present, type ControlRoute } from './control-route.ts'
import {
  answerBodySchema,
  handedOverSchema,
  handOverBody,
  noticeEvidenceSchema,
  noticeListSchema,
  noticePaths,
  noticeViewSchema,
  routeListSchema,
  scorecardListSchema,
  type NoticeHandlers,
} from './notices-api.ts'
import { parse } from './parse.ts'

const position = z.coerce.number().int().min(1).optional()
const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true')
const supposedQuery = z.strictObject({ confirmed: flag, decided: flag, order: flag })
const pageQuery = z
  .strictObject({
    peer: z.string().max(253).optional(),
    sentBefore: position,
    receivedBefore: position,
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
  })
  .transform(({ peer, sentBefore, receivedBefore, limit }) => ({
    peer,
    sentBefore,
    receivedBefore,
    limit,
  }))

/** Notices and where reports go, in the order of their documentation. */
export const noticeRoutes: readonly ControlRoute<NoticeHandlers>[] = [
  {
    method: 'GET',
    path: noticePaths.list,
    summary: 'Notices in both directions, newest first, a page at a time',
    query: pageQuery,
    answer: noticeListSchema,
    run: (handlers, request) => handlers.list(parse(pageQuery, request.query)),
  },
  {
    method: 'GET',
    path: noticePaths.one,
    summary: 'One notice with its message as it was signed',
    answer: noticeViewSchema,
    run: (handlers, request) => present(handlers.find(idOf(request))),
  },
  {
    method: 'POST',
    path: noticePaths.retract,
    summary: 'Takes a notice of ours back',
    answer: noticeViewSchema,
    run: (handlers, request) => handlers.retract(idOf(request)),
  },
  {
    method: 'POST',
    path: noticePaths.answer,
    summary: 'Answers a notice of another provider',
    body: answerBodySchema,
    answer: noticeViewSchema,
    run: (handlers, request) =>
      handlers.answer(idOf(request), parse(answerBodySchema, request.body)),
  },
  {
    method: 'POST',
    path: noticePaths.evidence,
    summary: 'Opens the evidence of a notice, for whoever works its queue',
    body: actorBody,
    answer: noticeEvidenceSchema,
    run: (handlers, request) => handlers.evidence(idOf(request), parse(actorBody, request.body)),
  },
  {
    method: 'GET',
    path: noticePaths.scorecards,
    summary: 'How providers answer, over 90 days',
    answer: scorecardListSchema,
    run: (handlers) => handlers.scorecards(),
  },
  {
    method: 'POST',
    path: noticePaths.handOver,
    summary: 'Opens a report for an authority, and records that it was given to it',
    body: handOverBody,
    answer: handedOverSchema,
    run: (handlers, request) => handlers.handOver(idOf(request), parse(handOverBody, request.body)),
  },
  {
    method: 'GET',
    path: noticePaths.routes,
    summary: 'Where a report would go and why, and what was sent of it',
    query: supposedQuery,
    answer: routeListSchema,
    run: async (handlers, request) =>
      present(await handlers.routes(idOf(request), parse(supposedQuery, request.query))),
  },
]
