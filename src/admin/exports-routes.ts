import type { ExportDesk } from '../exports/export-desk.ts'
import type { ControlRoute } from './control-route.ts'
import * as api from './exports-api.ts'
import { parse } from './parse.ts'

/** All of them, in the order of their documentation. Each leaves a trace: none of them is a GET. */
export const exportRoutes: readonly ControlRoute<ExportDesk>[] = [
  {
    method: 'POST',
    path: '/control/v1/exports/dsa',
    summary: 'Statements of reasons for the DSA Transparency Database, at most 100 at a time',
    body: api.dsaBody,
    answer: api.dsaSchema,
    run: (desk, { body }) => {
      const { as, mfa, from, to, after } = parse(api.dsaBody, body)
      const fromMs = from === undefined ? 0 : Date.parse(from)
      const toMs = to === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(to) + DAY_MS
      return desk.dsa({ name: as, mfa }, { fromMs, toMs, after })
    },
  },
  {
    method: 'POST',
    path: '/control/v1/exports/xarf',
    summary: 'The decision of a case as XARF',
    body: api.caseBody,
    answer: api.xarfSchema,
    run: (desk, { body }) => {
      const { as, mfa, case: id } = parse(api.caseBody, body)
      return desk.xarf({ name: as, mfa }, id)
    },
  },
  {
    method: 'POST',
    path: '/control/v1/exports/arf',
    summary: 'The decision of a case as a mail to the abuse desk of the sender’s provider',
    body: api.caseBody,
    answer: api.mailSchema,
    run: async (desk, { body }) => {
      const { as, mfa, case: id } = parse(api.caseBody, body)
      return { mail: await desk.arf({ name: as, mfa }, id) }
    },
  },
  {
    method: 'POST',
    path: '/control/v1/exports/transparency',
    summary: 'What was counted over whole months that are over',
    body: api.transparencyBody,
    answer: api.transparencySchema,
    run: (desk, { body }) => {
      const { as, mfa, ...months } = parse(api.transparencyBody, body)
      return desk.transparency({ name: as, mfa }, months)
    },
  },
]

const DAY_MS = 86_400_000
