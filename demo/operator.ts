import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import {
  reportListSchema,
  type ReportDetail,
  type ReportSummary,
} from '../src/admin/control-api.ts'
import { createControlClient } from '../src/cli/control-client.ts'
import { expect } from './expectation.ts'
import { REPOSITORY } from './gateway-process.ts'
import type { Provider } from './providers.ts'

/** What `postern reports list --json` prints for the operator of a running gateway. */
export async function listReports({ configFile }: Provider): Promise<readonly ReportSummary[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['src/main.ts', 'reports', 'list', '--json', '--config', configFile],
    { cwd: REPOSITORY, timeout: COMMAND_MS },
  )
  return reportListSchema.parse(JSON.parse(stdout)).reports
}

/** The report that came last, with its checks: asked at the control socket, as the command does. */
export async function newestReport({ configFile }: Provider): Promise<ReportDetail> {
  await using control = createControlClient(join(dirname(configFile), 'data', 'control.sock'))
  const { reports } = await control.listReports({ after: undefined, limit: 1 })
  const detail = reports[0] && (await control.findReport(reports[0].id, { evidence: false }))
  expect(detail !== undefined, 'the report is kept')
  return detail
}

const COMMAND_MS = 20_000
