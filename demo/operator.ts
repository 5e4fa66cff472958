import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import {
  reportDetailSchema,
  reportListSchema,
  type ReportDetail,
  type ReportSummary,
} from '../src/admin/control-api.ts'
import { REPOSITORY } from './gateway-process.ts'
import type { Provider } from './providers.ts'

/** What `postern reports list --json` says of a running gateway. */
export async function listReports(provider: Provider): Promise<readonly ReportSummary[]> {
  return reportListSchema.parse(await postern(provider, 'list')).reports
}

/** What `postern reports show <id> --json` says. */
export async function showReport(provider: Provider, id: string): Promise<ReportDetail> {
  return reportDetailSchema.parse(await postern(provider, 'show', id))
}

async function postern({ configFile }: Provider, ...args: string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['src/main.ts', 'reports', ...args, '--json', '--config', configFile],
    { cwd: REPOSITORY, timeout: COMMAND_MS },
  )
  return JSON.parse(stdout)
}

const COMMAND_MS = 20_000
