import type { ReportDesk } from '../reports/report-desk.ts'
import type { ControlHandlers } from './control-api.ts'

/** The reports of the desk as the control socket shows them: without what they say. */
export function createReportHandlers(
  desk: Pick<ReportDesk, 'list' | 'show'>,
): Pick<ControlHandlers, 'listReports' | 'findReport'> {
  return {
    listReports: ({ after, limit }) => {
      const reports = [...desk.list({ after, limit })]
      const next = reports.length === limit ? reports.at(-1)?.id : undefined
      return Promise.resolve({ reports, ...(next !== undefined && { next }) })
    },
    findReport: async (id) => {
      const found = await desk.show(id)
      if (found === undefined) return undefined
      const { summary, checks } = found
      return {
        report: summary,
        checks: checks.map(({ anomaly, gap, proof, ...check }) => ({
          ...check,
          ...(anomaly !== undefined && { anomaly }),
          ...(gap !== undefined && { gap }),
          ...(proof !== undefined && { proof: readProof(proof) }),
        })),
      }
    },
  }
}

function readProof(text: string): unknown {
  return JSON.parse(text)
}
