import { z } from 'zod'
import {
  controlPaths,
  reportDetailSchema,
  reportListSchema,
  type ControlHandlers,
} from './control-api.ts'
import { idOf, idPattern, present, type ControlRoute } from './control-route.ts'
import { parse } from './parse.ts'

type ReportHandlers = Pick<ControlHandlers, 'listReports' | 'findReport'>

const pageQuery = z.strictObject({
  after: z.string().regex(idPattern).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
})

/** Reports without what they say, in the order of their documentation. */
export const reportRoutes: readonly ControlRoute<ReportHandlers>[] = [
  {
    method: 'GET',
    path: controlPaths.reports,
    summary: 'Reports, newest first, a page at a time',
    query: pageQuery,
    answer: reportListSchema,
    run: (handlers, request) => {
      const { after, limit } = parse(pageQuery, request.query)
      return handlers.listReports({ after, limit })
    },
  },
  {
    method: 'GET',
    path: controlPaths.report,
    summary: 'One report, with how each of its messages was checked',
    answer: reportDetailSchema,
    run: async (handlers, request) => present(await handlers.findReport(idOf(request))),
  },
]
