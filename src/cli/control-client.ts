import { Client } from 'undici'
import { z } from 'zod'
import {
  consentListSchema,
  controlPaths,
  healthSchema,
  reloadSchema,
  reportDetailSchema,
  reportListSchema,
  type ConsentList,
  type Health,
  type ReloadResult,
  type ReportDetail,
  type ReportList,
} from '../admin/control-api.ts'
import type { ReceiptHandlers } from '../admin/receipts-api.ts'
import type { SanctionHandlers } from '../admin/sanctions-api.ts'
import { labelSchema, type Label } from '../metadata/labels/label.ts'
import { ControlError } from './control-error.ts'
import { unlessMissing, type ControlCall } from './control-call.ts'
import { createKeysClient, type KeysClient } from './keys-client.ts'
import { createNoticesClient, type NoticesClient } from './notices-client.ts'
import { createCasesClient, type CasesClient } from './cases-client.ts'
import { createExportsClient, type ExportsClient } from './exports-client.ts'
import { createPolicyClient, type PolicyClient } from './policy-client.ts'
import { createLimitsClient, type LimitsClient } from './limits-client.ts'
import { createReceiptsClient } from './receipts-client.ts'
import { createSanctionsClient } from './sanctions-client.ts'
import { createWebhooksClient, type WebhooksClient } from './webhooks-client.ts'
import { createRequirementsClient, type RequirementsClient } from './requirements-client.ts'

/** What a running server answers on its control socket. */
export interface ControlClient extends AsyncDisposable {
  health(): Promise<Health>
  reload(): Promise<ReloadResult>
  listConsents(page: { before: number | undefined; limit: number }): Promise<ConsentList>
  listReports(page: { after: string | undefined; limit: number }): Promise<ReportList>
  labelOfRoom(room: string): Promise<Label>
  labelOfPeer(peer: string): Promise<Label>
  readonly requirements: RequirementsClient
  readonly policies: PolicyClient
  readonly receipts: ReceiptHandlers
  readonly sanctions: SanctionHandlers
  readonly keys: KeysClient
  readonly limits: LimitsClient
  readonly notices: NoticesClient
  readonly cases: CasesClient
  readonly exports: ExportsClient
  readonly webhooks: WebhooksClient
  /** Undefined where there is no such report. */
  findReport(id: string): Promise<ReportDetail | undefined>
}

/** Connects when it is first asked. Every call throws `ControlError`. */
export function createControlClient(socketPath: string): ControlClient {
  const client = new Client('http://control', {
    socketPath,
    headersTimeout: DEADLINE_MS,
    bodyTimeout: DEADLINE_MS,
  })
  const call: ControlCall = async (schema, path, method = 'GET') => {
    const { statusCode, json } = await ask(client, path, method)
    if (statusCode !== 200) throw problemOf(json)
    const outcome = schema.safeParse(json)
    if (!outcome.success) throw new ControlError('unexpected-answer', outcome.error)
    return outcome.data
  }
  return {
    requirements: createRequirementsClient(call),
    policies: createPolicyClient(call),
    receipts: createReceiptsClient(call),
    sanctions: createSanctionsClient(call),
    keys: createKeysClient(call),
    limits: createLimitsClient(call),
    notices: createNoticesClient(call),
    cases: createCasesClient(call),
    exports: createExportsClient(call),
    webhooks: createWebhooksClient(call),
    health: () => call(healthSchema, controlPaths.health),
    reload: () => call(reloadSchema, controlPaths.reload, 'POST'),
    listConsents: ({ before, limit }) => {
      const query = new URLSearchParams({
        limit: String(limit),
        ...(before !== undefined && { before: String(before) }),
      })
      return call(consentListSchema, `${controlPaths.consents}?${query.toString()}`)
    },
    listReports: ({ after, limit }) => {
      const query = new URLSearchParams({
        limit: String(limit),
        ...(after !== undefined && { after }),
      })
      return call(reportListSchema, `${controlPaths.reports}?${query.toString()}`)
    },
    labelOfRoom: (room) =>
      call(labelSchema, `${controlPaths.roomLabel}?room=${encodeURIComponent(room)}`),
    labelOfPeer: (peer) =>
      call(labelSchema, `${controlPaths.peerLabel}?peer=${encodeURIComponent(peer)}`),
    findReport: (id) => {
      const path = controlPaths.report.replace(':id', encodeURIComponent(id))
      return unlessMissing(call(reportDetailSchema, path))
    },
    [Symbol.asyncDispose]: () => client.destroy(),
  }
}

async function ask(client: Client, path: string, method: 'GET' | 'POST' | { post: object }) {
  const request =
    typeof method === 'string'
      ? { path, method }
      : { path, method: 'POST' as const, body: JSON.stringify(method.post), headers: JSON_BODY }
  try {
    const { statusCode, body } = await client.request(request)
    return { statusCode, json: await body.json() }
  } catch (error) {
    throw new ControlError('server-unreachable', error)
  }
}

function problemOf(json: unknown): ControlError {
  const outcome = problemSchema.safeParse(json)
  if (!outcome.success) return new ControlError('unexpected-answer')
  const { code, facts } = outcome.data
  return new ControlError(code, undefined, facts?.reason)
}

const word = z.string().regex(/^[a-z-]{1,64}$/)
const problemSchema = z.object({
  code: word,
  facts: z.object({ reason: word.optional().catch(undefined) }).optional(),
})
const JSON_BODY = { 'content-type': 'application/json' }
const DEADLINE_MS = 30_000
