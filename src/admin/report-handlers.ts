import type { OpeningKeys, ReportDesk } from '../reports/report-desk.ts'
import type { ControlHandlers } from './control-api.ts'

export interface ReportHandlersOptions {
  readonly desk: ReportDesk
  readonly keys: OpeningKeys
  /** Called whenever somebody opens a sealed report. */
  readonly onOpened: (reportId: string) => void
}

/** The reports of the desk as the control socket shows them. */
export function createReportHandlers({
  desk,
  keys,
  onOpened,
}: ReportHandlersOptions): Pick<ControlHandlers, 'listReports' | 'findReport'> {
  return {
    listReports: ({ after, limit }) => {
      const reports = [...desk.list({ after, limit })]
      const next = reports.length === limit ? reports.at(-1)?.id : undefined
      return Promise.resolve({ reports, ...(next !== undefined && { next }) })
    },
    findReport: async (id, { evidence }) => {
      const found = await desk.show(id, evidence ? keys : undefined)
      if (found === undefined) return undefined
      if (found.evidence !== undefined) onOpened(id)
      const { summary, checks, evidence: opened } = found
      return {
        report: summary,
        checks: checks.map(({ anomaly, gap, proof, ...check }) => ({
          ...check,
          ...(anomaly !== undefined && { anomaly }),
          ...(gap !== undefined && { gap }),
          ...(proof !== undefined && { proof: readProof(proof) }),
        })),
        ...(opened !== undefined && {
          evidence: {
            ...opened,
            messages: opened.messages.map((message) => ({ ...message, texts: [...message.texts] })),
          },
        }),
      }
    },
  }
}

function readProof(text: string): unknown {
  return JSON.parse(text)
}
