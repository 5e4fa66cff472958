import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { bind } from '../listener/bind.ts'
import type { Log } from '../signals/log.ts'
import type { ExportDesk } from '../exports/export-desk.ts'
import type { CaseDesk } from '../reports/case-desk.ts'
import type { Feeds } from '../feeds/feeds.ts'
import { createAdminApp } from './admin-app.ts'
import { caseRoutes } from './cases-routes.ts'
import { controlPaths, type ControlHandlers } from './control-api.ts'
import { addControlRoutes } from './control-route.ts'
import { exportRoutes } from './exports-routes.ts'
import type { KeyHandlers } from './keys-api.ts'
import { addKeyRoutes } from './keys-routes.ts'
import type { NoticeHandlers } from './notices-api.ts'
import { noticeRoutes } from './notices-routes.ts'
import type { PolicyHandlers } from './policy-api.ts'
import { addPolicyRoutes } from './policy-routes.ts'
import type { ReceiptHandlers } from './receipts-api.ts'
import { addReceiptRoutes } from './receipts-routes.ts'
import { reportRoutes } from './reports-routes.ts'
import type { RequirementsHandlers } from './requirements-api.ts'
import { addRequirementsRoutes } from './requirements-routes.ts'
import type { SanctionHandlers } from './sanctions-api.ts'
import { sanctionRoutes } from './sanctions-routes.ts'
import type { LimitHandlers } from './limits-api.ts'
import { addLimitRoutes } from './limits-routes.ts'
import { parse } from './parse.ts'
import { webhookRoutes } from './webhooks-routes.ts'

export interface ControlSocketOptions {
  /** At most 100 octets, which every system takes. */
  readonly path: string
  readonly handlers: ControlHandlers
  /** Each brings routes of its own; without it they are not there. */
  readonly requirements?: RequirementsHandlers | undefined
  readonly policies?: PolicyHandlers | undefined
  readonly receipts?: ReceiptHandlers | undefined
  readonly sanctions?: SanctionHandlers | undefined
  readonly keys?: KeyHandlers | undefined
  readonly limits?: LimitHandlers | undefined
  readonly notices?: NoticeHandlers | undefined
  readonly cases?: CaseDesk | undefined
  readonly feeds?: Feeds | undefined
  readonly exports?: ExportDesk | undefined
  readonly log: Log
}

/**
 * The CLI's way into a running server: HTTP over a Unix socket that only our own user can open (mode
 * 0600 from its first moment). A socket that a dead process left behind is replaced; throws
 * `configuration-invalid` when a live one answers on it or the path is too long.
 */
export async function startControlSocket(options: ControlSocketOptions): Promise<AsyncDisposable> {
  const { path, handlers, requirements, policies, receipts, sanctions, keys } = options
  const { limits, notices, cases, feeds, exports, log } = options
  const app = createAdminApp(log)
  addRoutes(app, handlers)
  addControlRoutes(app, handlers, reportRoutes)
  if (requirements !== undefined) addRequirementsRoutes(app, requirements)
  if (policies !== undefined) addPolicyRoutes(app, policies)
  if (receipts !== undefined) addReceiptRoutes(app, receipts)
  if (sanctions !== undefined) addControlRoutes(app, sanctions, sanctionRoutes)
  if (keys !== undefined) addKeyRoutes(app, keys)
  if (limits !== undefined) addLimitRoutes(app, limits)
  if (notices !== undefined) addControlRoutes(app, notices, noticeRoutes)
  if (cases !== undefined) addControlRoutes(app, cases, caseRoutes)
  if (feeds !== undefined) addControlRoutes(app, feeds, webhookRoutes)
  if (exports !== undefined) addControlRoutes(app, exports, exportRoutes)
  await app.ready()
  await bind(app.server, { kind: 'socket', path })
  return { [Symbol.asyncDispose]: () => app.close() }
}

function addRoutes(app: FastifyInstance, handlers: ControlHandlers): void {
  app.get(controlPaths.health, (_, reply) => reply.send(handlers.health()))
  app.get(controlPaths.rooms, (_, reply) => reply.send(handlers.listRooms()))
  app.get(controlPaths.consents, (request, reply) =>
    reply.send(handlers.listConsents(parse(consentQuery, request.query))),
  )
  app.get(controlPaths.roomLabel, (request, reply) =>
    reply.send(handlers.labelOfRoom(parse(roomQuery, request.query).room)),
  )
  app.get(controlPaths.peerLabel, (request, reply) =>
    reply.send(handlers.labelOfPeer(parse(peerQuery, request.query).peer)),
  )
  app.post(controlPaths.reload, async (_, reply) => reply.send(await handlers.reload()))
}

const roomQuery = z.strictObject({ room: z.string().max(1_024) })
const peerQuery = z.strictObject({ peer: z.string().max(253) })
const consentQuery = z
  .strictObject({
    before: z.coerce.number().int().min(1).optional(),
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
  })
  .transform(({ before, limit }) => ({ before, limit }))
