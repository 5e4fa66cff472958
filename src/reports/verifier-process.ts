import {
  openReport,
  type OpenedReport,
  type OpeningKeySet,
  type ReportToOpen,
} from './open-report.ts'

/** What the process is asked: a few reports, and the keys for them. */
export interface VerifierWork {
  readonly keys: OpeningKeySet
  readonly reports: readonly ReportToOpen[]
}

/**
 * Runs in a process of its own, for a moment: the one place where the content of reports is read. It
 * may read code and nothing else, and is killed rather than ended, so nothing of it is written anywhere.
 */
async function answer({ keys, reports }: VerifierWork): Promise<readonly OpenedReport[]> {
  const opened: OpenedReport[] = []
  for (const report of reports) opened.push(await openReport(report, keys))
  return opened
}

process.on('message', (work: VerifierWork) => {
  void answer(work).then((opened) => process.send?.(opened))
})
