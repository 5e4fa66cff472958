import type { Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { controlOptions, expectPositionals, readOptions } from './options.ts'

export const reportsShowCommand: Command = {
  name: 'reports show',
  summary: 'show one abuse report and how it was verified',
  usage: `ID [--json] [--config FILE | --socket PATH]

What was reported is shown to whoever holds its case: postern cases show --evidence.
Exit code 1 when there is no such report.`,
  run: async (args, environment) => {
    const { out, err } = environment
    const { values, positionals } = readOptions(args, controlOptions)
    expectPositionals(positionals, ['ID'])
    await using client = await connectControl(values, environment)
    const detail = await client.findReport(positionals[0] ?? '')
    if (detail === undefined) {
      err('no such report\n')
      return 1
    }
    if (values.json) {
      out(`${JSON.stringify(detail)}\n`)
      return 0
    }
    const { receivedAtMs, ...fields } = detail.report
    out(`received ${new Date(receivedAtMs).toISOString()}\n`)
    for (const [name, value] of Object.entries(fields)) out(`${name} ${value}\n`)
    for (const { messageId, result, method, anomaly, gap } of detail.checks) {
      const odd = anomaly === undefined ? '' : `, ${anomaly}`
      const between = gap === undefined ? '' : `, ${gap} messages after the one before it`
      out(`message ${messageId}: ${result} by ${method}${odd}${between}\n`)
    }
    return 0
  },
}
