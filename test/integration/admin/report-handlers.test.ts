import { expect, test } from 'vitest'
import { reportDetailSchema, reportListSchema } from '../../../src/admin/control-api.ts'
import { createReportHandlers } from '../../../src/admin/report-handlers.ts'
import { textContent } from '../../support/franking.ts'
import { abusive, openDesk, reportExchange } from '../../support/reports.ts'

const content = textContent('abusive words')

async function reported() {
  const { desk } = await openDesk()
  const handlers = createReportHandlers(desk)
  const { id } = await desk.receive(reportExchange({ messages: [abusive(content)] }))
  return { handlers, id }
}

test('a report of the desk is listed and shown as the control API says', async () => {
  const { handlers, id } = await reported()
  const list = reportListSchema.parse(await handlers.listReports({ after: undefined, limit: 10 }))
  expect(list).toMatchObject({ reports: [{ id, result: 'verified' }] })
  expect(list.next).toBeUndefined()
  const detail = reportDetailSchema.parse(await handlers.findReport(id))
  expect(detail.checks).toMatchObject([{ result: 'verified', method: 'frank' }])
  expect(JSON.stringify(detail)).not.toContain('abusive words')
})

test('a full page names where the next one begins', async () => {
  const { handlers, id } = await reported()
  const first = await handlers.listReports({ after: undefined, limit: 1 })
  expect(first.next).toBe(id)
  expect((await handlers.listReports({ after: id, limit: 1 })).reports).toEqual([])
})

test('an unknown report is none', async () => {
  const { handlers } = await reported()
  expect(await handlers.findReport('rep-0')).toBeUndefined()
})
