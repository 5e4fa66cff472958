import type { FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { CaseDesk } from '../reports/case-desk.ts'
import type { KnownCase } from '../reports/cases/case-log.ts'
import type { DecisionForm } from '../reports/decisions/decision-form.ts'
import * as api from './cases-api.ts'
import { idOf, present, type ControlRoute } from './control-route.ts'
import { parse } from './parse.ts'

/** Cases and appeals, in the order of their documentation. */
export const caseRoutes: readonly ControlRoute<CaseDesk>[] = [
  {
    method: 'GET',
    path: '/control/v1/cases',
    summary: 'Cases that a moderator may see, a page at a time',
    query: api.listQuery,
    answer: api.caseListSchema,
    run: (desk, request) => {
      const { as, mfa, ...filter } = parse(api.listQuery, request.query)
      return desk.list({ name: as, mfa }, filter)
    },
  },
  {
    method: 'GET',
    path: '/control/v1/cases/queues',
    summary: 'How much waits in each queue that a moderator works',
    query: api.actorQuery,
    answer: api.queuesSchema,
    run: (desk, request) => ({ queues: desk.queues(askedBy(request)) }),
  },
  {
    method: 'GET',
    path: '/control/v1/cases/deletions',
    summary: 'Deletions that were carried out, newest first',
    query: api.limitQuery,
    answer: api.deletionsSchema,
    run: (desk, request) => ({
      deletions: desk.deletions(parse(api.limitQuery, request.query).limit),
    }),
  },
  {
    method: 'GET',
    path: '/control/v1/cases/disclosures',
    summary: 'What was given to authorities, newest first',
    query: api.limitQuery,
    answer: api.disclosuresSchema,
    run: (desk, request) => ({
      disclosures: desk.disclosures.list(parse(api.limitQuery, request.query).limit),
    }),
  },
  {
    method: 'GET',
    path: '/control/v1/cases/feedback/:id',
    summary: 'How far the report of a receipt has come',
    answer: api.feedbackSchema,
    run: (desk, request) => present(desk.feedback(idOf(request))),
  },
  {
    method: 'GET',
    path: '/control/v1/cases/:id',
    summary: 'A case, without what was reported and who reported it',
    query: api.actorQuery,
    answer: api.caseDetailSchema,
    run: (desk, request) => desk.show(askedBy(request), idOf(request)),
  },
  act('claim', 'Claims a case, or renews the claim', api.actorBody, ({ desk, actor, id }) =>
    desk.leases.claim(actor, id),
  ),
  act('release', 'Gives a case back', api.noteBody, ({ desk, actor, id, body }) =>
    desk.leases.release(actor, id, body.note),
  ),
  act('handover', 'Gives a case to a colleague', api.handOverBody, ({ desk, actor, id, body }) =>
    desk.leases.handOver(actor, id, { name: body.to, note: body.note }),
  ),
  {
    method: 'POST',
    path: '/control/v1/cases/:id/evidence',
    summary: 'Opens the sealed evidence of one report, for whoever holds the case',
    body: api.evidenceBody,
    answer: api.evidenceSchema,
    run: (desk, request) => {
      const { as, mfa, report } = parse(api.evidenceBody, request.body)
      return desk.evidence({ name: as, mfa }, { id: idOf(request), report })
    },
  },
  {
    method: 'POST',
    path: '/control/v1/cases/:id/attachments',
    summary: 'Fetches one attachment of a report and opens it, for whoever holds the case',
    body: api.attachmentBody,
    answer: api.attachmentSchema,
    run: async (desk, request) => {
      const { as, mfa, content: withContent, ...asked } = parse(api.attachmentBody, request.body)
      const actor = { name: as, mfa }
      const opened = await desk.attachment(actor, { ...asked, id: idOf(request), withContent })
      return { ...opened, content: opened.content?.toString('base64') }
    },
  },
  {
    method: 'POST',
    path: '/control/v1/cases/:id/reporters',
    summary: 'Who reported, for a purpose that goes into the log',
    body: api.purposeBody,
    answer: api.reportersSchema,
    run: async (desk, request) => {
      const { as, mfa, purpose } = parse(api.purposeBody, request.body)
      const asked = { id: idOf(request), purpose }
      return { reporters: await desk.reporters({ name: as, mfa }, asked) }
    },
  },
  act('decide', 'Decides a case', api.decideBody, ({ desk, actor, id, body }) =>
    desk.decisions.decide(actor, id, { form: formOf(body.form) }),
  ),
  act('approve', 'Agrees to a proposal, or not', api.approveBody, ({ desk, actor, id, body }) =>
    body.agree
      ? desk.decisions.approve(actor, id)
      : desk.decisions.reject(actor, id, { note: body.note }),
  ),
  act('undo', 'Takes a decision back', api.noteBody, ({ desk, actor, id, body }) =>
    desk.decisions.undo(actor, id, { note: body.note }),
  ),
  act('hold', 'Sets or lifts a legal hold', api.holdBody, ({ desk, actor, id, body }) =>
    desk.hold(actor, id, { set: body.set, note: body.note }),
  ),
  {
    method: 'POST',
    path: '/control/v1/cases/:id/delete',
    summary: 'Deletes a case and its evidence before its time',
    body: api.actorBody,
    answer: api.deletionSchema,
    run: (desk, request) => desk.delete(actorOf(parse(api.actorBody, request.body)), idOf(request)),
  },
  {
    method: 'POST',
    path: '/control/v1/cases/bulk',
    summary: 'One decision for many cases, or a preview of it',
    body: api.bulkBody,
    answer: api.bulkSchema,
    run: (desk, request) => {
      const { as, mfa, cases, form, preview } = parse(api.bulkBody, request.body)
      const actor = { name: as, mfa }
      return preview
        ? desk.bulk.preview(actor, cases, formOf(form))
        : desk.bulk.decide(actor, cases, formOf(form))
    },
  },
  {
    method: 'POST',
    path: '/control/v1/cases/bulk/:id/undo',
    summary: 'Takes back a decision for many cases',
    body: api.noteBody,
    answer: api.bulkSchema,
    run: (desk, request) => {
      const body = parse(api.noteBody, request.body)
      return desk.bulk.undo(actorOf(body), idOf(request), body.note)
    },
  },
  {
    method: 'GET',
    path: '/control/v1/appeals',
    summary: 'Appeals, oldest first',
    query: api.appealsQuery,
    answer: api.appealListSchema,
    run: (desk, request) => {
      const { as, mfa, ...page } = parse(api.appealsQuery, request.query)
      return desk.appeals.list({ name: as, mfa }, page)
    },
  },
  {
    method: 'POST',
    path: '/control/v1/appeals',
    summary: 'Files an appeal for the subject of a decision',
    body: api.appealBody,
    answer: api.appealSchema,
    run: (desk, request) => desk.appeals.file(parse(api.appealBody, request.body)),
  },
  {
    method: 'POST',
    path: '/control/v1/appeals/:id/decide',
    summary: 'Decides an appeal',
    body: api.verdictBody,
    answer: api.appealSchema,
    run: (desk, request) => {
      const { as, mfa, ...verdict } = parse(api.verdictBody, request.body)
      return desk.appeals.decide({ name: as, mfa }, idOf(request), verdict)
    },
  },
]

interface ActorBody {
  readonly as: string
  readonly mfa: boolean
}

interface Acting<Body> {
  readonly desk: CaseDesk
  readonly actor: { readonly name: string; readonly mfa: boolean }
  readonly id: string
  readonly body: Body
}

/** An act on one case; its answer is the case as it is afterwards. */
function act<Body extends ActorBody>(
  ...[verb, summary, schema, work]: readonly [
    verb: string,
    summary: string,
    schema: z.ZodType<Body>,
    work: (acting: Acting<Body>) => Promise<KnownCase>,
  ]
): ControlRoute<CaseDesk> {
  return {
    method: 'POST',
    path: `/control/v1/cases/:id/${verb}`,
    summary,
    body: schema,
    answer: api.caseDetailSchema,
    run: async (desk, request) => {
      const body = parse(schema, request.body)
      const actor = actorOf(body)
      const { row } = await work({ desk, actor, id: idOf(request), body })
      return desk.show(actor, row.id)
    },
  }
}

function actorOf({ as, mfa }: ActorBody) {
  return { name: as, mfa }
}

function askedBy(request: FastifyRequest) {
  return actorOf(parse(api.actorQuery, request.query))
}

/** zod leaves out what was not written. */
function formOf(form: z.infer<typeof api.formSchema>): DecisionForm {
  return {
    ...form,
    ground: form.ground,
    actions: form.actions.map((action) =>
      action.kind === 'retract' || action.kind === 'label'
        ? { ...action, messageId: action.messageId }
        : action,
    ),
  }
}
