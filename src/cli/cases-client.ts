import type { z } from 'zod'
import {
  appealListSchema,
  appealSchema,
  attachmentSchema,
  bulkSchema,
  caseDetailSchema,
  caseListSchema,
  deletionsSchema,
  disclosuresSchema,
  evidenceSchema,
  queuesSchema,
  reportersSchema,
  type appealBody,
  type approveBody,
  type attachmentBody,
  type bulkBody,
  type decideBody,
  type evidenceBody,
  type handOverBody,
  type holdBody,
  type noteBody,
  type actorBody,
  type purposeBody,
  type verdictBody,
} from '../admin/cases-api.ts'
import type { ControlCall } from './control-call.ts'

type Input<Schema extends z.ZodType> = z.input<Schema>
export type CaseDetailView = z.infer<typeof caseDetailSchema>
export type CaseListView = z.infer<typeof caseListSchema>
export type BulkView = z.infer<typeof bulkSchema>
export type AttachmentView = z.infer<typeof attachmentSchema>
export type DisclosureView = z.infer<typeof disclosuresSchema>['disclosures'][number]
export type AppealView = z.infer<typeof appealSchema>
type Query = Readonly<Record<string, string | undefined>>

/** Cases and appeals of a running server. Every call throws `ControlError`. */
export interface CasesClient {
  list(query: Query): Promise<CaseListView>
  queues(query: Query): Promise<z.infer<typeof queuesSchema>>
  deletions(limit: number): Promise<z.infer<typeof deletionsSchema>>
  disclosures(limit: number): Promise<z.infer<typeof disclosuresSchema>>
  show(id: string, query: Query): Promise<CaseDetailView>
  claim(id: string, body: Input<typeof actorBody>): Promise<CaseDetailView>
  release(id: string, body: Input<typeof noteBody>): Promise<CaseDetailView>
  handOver(id: string, body: Input<typeof handOverBody>): Promise<CaseDetailView>
  evidence(id: string, body: Input<typeof evidenceBody>): Promise<z.infer<typeof evidenceSchema>>
  attachment(id: string, body: Input<typeof attachmentBody>): Promise<AttachmentView>
  reporters(id: string, body: Input<typeof purposeBody>): Promise<z.infer<typeof reportersSchema>>
  decide(id: string, body: Input<typeof decideBody>): Promise<CaseDetailView>
  approve(id: string, body: Input<typeof approveBody>): Promise<CaseDetailView>
  undo(id: string, body: Input<typeof noteBody>): Promise<CaseDetailView>
  hold(id: string, body: Input<typeof holdBody>): Promise<CaseDetailView>
  bulk(body: Input<typeof bulkBody>): Promise<BulkView>
  undoBulk(id: string, body: Input<typeof noteBody>): Promise<BulkView>
  listAppeals(query: Query): Promise<z.infer<typeof appealListSchema>>
  fileAppeal(body: Input<typeof appealBody>): Promise<AppealView>
  decideAppeal(id: string, body: Input<typeof verdictBody>): Promise<AppealView>
}

export function createCasesClient(call: ControlCall): CasesClient {
  const about = (id: string, verb: string, post: object) =>
    call(caseDetailSchema, casePath(id, verb), { post })
  return {
    list: (query) => call(caseListSchema, `${CASES}?${search(query)}`),
    queues: (query) => call(queuesSchema, `${CASES}/queues?${search(query)}`),
    deletions: (limit) => call(deletionsSchema, `${CASES}/deletions?limit=${limit}`),
    disclosures: (limit) => call(disclosuresSchema, `${CASES}/disclosures?limit=${limit}`),
    show: (id, query) => call(caseDetailSchema, `${casePath(id)}?${search(query)}`),
    claim: (id, body) => about(id, 'claim', body),
    release: (id, body) => about(id, 'release', body),
    handOver: (id, body) => about(id, 'handover', body),
    evidence: (id, post) => call(evidenceSchema, casePath(id, 'evidence'), { post }),
    attachment: (id, post) => call(attachmentSchema, casePath(id, 'attachments'), { post }),
    reporters: (id, post) => call(reportersSchema, casePath(id, 'reporters'), { post }),
    decide: (id, body) => about(id, 'decide', body),
    approve: (id, body) => about(id, 'approve', body),
    undo: (id, body) => about(id, 'undo', body),
    hold: (id, body) => about(id, 'hold', body),
    bulk: (post) => call(bulkSchema, `${CASES}/bulk`, { post }),
    undoBulk: (id, post) =>
      call(bulkSchema, `${CASES}/bulk/${encodeURIComponent(id)}/undo`, { post }),
    listAppeals: (query) => call(appealListSchema, `${APPEALS}?${search(query)}`),
    fileAppeal: (post) => call(appealSchema, APPEALS, { post }),
    decideAppeal: (id, post) =>
      call(appealSchema, `${APPEALS}/${encodeURIComponent(id)}/decide`, { post }),
  }
}

function casePath(id: string, verb?: string): string {
  return [CASES, encodeURIComponent(id), ...(verb === undefined ? [] : [verb])].join('/')
}

function search(query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  return new URLSearchParams(Object.fromEntries(given)).toString()
}

const CASES = '/control/v1/cases'
const APPEALS = '/control/v1/appeals'
