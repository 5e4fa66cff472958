import type { Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { controlOptions, expectPositionals, readOptions, wholeNumber } from './options.ts'

export const reportsListCommand: Command = {
  name: 'reports list',
  summary: 'list the abuse reports of a running server',
  usage: `[--limit N] [--after ID] [--json] [--config FILE | --socket PATH]

  --limit N   at most N reports, 1 to 1000; 100 by default
  --after ID  go on after this report`,
  run: async (args, environment) => {
    const { out } = environment
    const { values, positionals } = readOptions(args, {
      ...controlOptions,
      limit: { type: 'string', default: '100' },
      after: { type: 'string' },
    })
    expectPositionals(positionals, [])
    const limit = wholeNumber(values.limit, '--limit', 1_000)
    await using client = await connectControl(values, environment)
    const list = await client.listReports({ after: values.after, limit })
    if (values.json) {
      out(`${JSON.stringify(list)}\n`)
      return 0
    }
    if (list.reports.length === 0) out('no reports\n')
    for (const report of list.reports)
      out(
        `${report.id}  ${new Date(report.receivedAtMs).toISOString()}  ${report.result.padEnd(12)}  ` +
          `${report.category}  from ${report.provider}  about ${report.subject}  in ${report.room}\n`,
      )
    if (list.next !== undefined) out(`more: --after ${list.next}\n`)
    return 0
  },
}
