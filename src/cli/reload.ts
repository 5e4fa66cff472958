import type { Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { controlOptions, expectPositionals, readOptions } from './options.ts'

export const reloadCommand: Command = {
  name: 'reload',
  summary: 'make a running server read its configuration again',
  usage: `[--json] [--config FILE | --socket PATH]

The same as SIGHUP. Exit code 1 when the new configuration is refused; the old one stays in force.`,
  run: async (args, environment) => {
    const { out, err } = environment
    const { values, positionals } = readOptions(args, controlOptions)
    expectPositionals(positionals, [])
    await using client = await connectControl(values, environment)
    const result = await client.reload()
    if (values.json) out(`${JSON.stringify(result)}\n`)
    else if (result.outcome === 'refused') err(`refused\n${result.problems.join('\n')}\n`)
    else {
      out('applied\n')
      for (const path of result.restart) out(`needs a restart: ${path}\n`)
    }
    return result.outcome === 'applied' ? 0 : 1
  },
}
