import { z } from 'zod'
import { idOf, present, type ControlRoute } from './control-route.ts'
import { parse } from './parse.ts'
import {
  sanctionListSchema,
  sanctionPaths,
  sanctionViewSchema,
  type SanctionHandlers,
} from './sanctions-api.ts'

const orderBody = z.looseObject({ kind: z.string().max(32) })
const pageQuery = z
  .strictObject({
    room: z.string().max(1_024).optional(),
    before: z.coerce.number().int().min(1).optional(),
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
  })
  .transform(({ room, before, limit }) => ({ room, before, limit }))

/** Sanctions, in the order of their documentation. */
export const sanctionRoutes: readonly ControlRoute<SanctionHandlers>[] = [
  {
    method: 'GET',
    path: sanctionPaths.list,
    summary: 'Sanctions, newest first, a page at a time',
    query: pageQuery,
    answer: sanctionListSchema,
    run: (handlers, request) => handlers.list(parse(pageQuery, request.query)),
  },
  {
    method: 'POST',
    path: sanctionPaths.list,
    summary: 'Applies a sanction; which fields it has depends on its kind (docs/sanctions.md)',
    body: orderBody,
    answer: sanctionViewSchema,
    run: (handlers, request) => handlers.apply(parse(orderBody, request.body)),
  },
  {
    method: 'GET',
    path: sanctionPaths.one,
    summary: 'One sanction and how far it has come',
    answer: sanctionViewSchema,
    run: async (handlers, request) => present(await handlers.find(idOf(request))),
  },
  {
    method: 'POST',
    path: sanctionPaths.undo,
    summary: 'Takes a sanction back',
    answer: sanctionViewSchema,
    run: (handlers, request) => handlers.undo(idOf(request)),
  },
]
