import {
  handedOverSchema,
  noticeEvidenceSchema,
  noticeListSchema,
  noticePaths,
  noticeViewSchema,
  routeListSchema,
  scorecardListSchema,
  type NoticeHandlers,
} from '../admin/notices-api.ts'
import { unlessMissing, type Asked, type ControlCall } from './control-call.ts'

/** What a running server answers about notices. */
export type NoticesClient = { [Name in keyof NoticeHandlers]: Asked<NoticeHandlers[Name]> }

/** Asks a running server about notices. Every call throws `ControlError`. */
export function createNoticesClient(call: ControlCall): NoticesClient {
  return {
    list: ({ peer, sentBefore, receivedBefore, limit }) => {
      const query = new URLSearchParams({
        limit: String(limit),
        ...(peer !== undefined && { peer }),
        ...(sentBefore !== undefined && { sentBefore: String(sentBefore) }),
        ...(receivedBefore !== undefined && { receivedBefore: String(receivedBefore) }),
      })
      return call(noticeListSchema, `${noticePaths.list}?${query.toString()}`)
    },
    find: (id) => unlessMissing(call(noticeViewSchema, at(noticePaths.one, id))),
    retract: (id) => call(noticeViewSchema, at(noticePaths.retract, id), 'POST'),
    answer: (id, answer) => call(noticeViewSchema, at(noticePaths.answer, id), { post: answer }),
    evidence: (id, post) => call(noticeEvidenceSchema, at(noticePaths.evidence, id), { post }),
    handOver: (id, post) => call(handedOverSchema, at(noticePaths.handOver, id), { post }),
    scorecards: () => call(scorecardListSchema, noticePaths.scorecards),
    routes: (id, { confirmed, decided, order }) => {
      const query = `confirmed=${confirmed}&decided=${decided}&order=${order}`
      return unlessMissing(call(routeListSchema, `${at(noticePaths.routes, id)}?${query}`))
    },
  }
}

function at(path: string, id: string): string {
  return path.replace(':id', encodeURIComponent(id))
}
