import type { Command } from './command.ts'
import { createControlClient } from './control-client.ts'
import { controlOptions, expectPositionals, readOptions } from './options.ts'

export const reloadCommand: Command = {
  name: 'reload',
  summary: 'make a running server read its configuration again',
  usage: `[--json] [--config FILE | --socket PATH]

The same as SIGHUP. Exit code 1 when the new configuration is refused; the old one stays in force.`,
  run: async (args, { controlSocket, out, err }) => {
    const { values, positionals } = readOptions(args, controlOptions)
    expectPositionals(positionals, [])
    await using client = createControlClient(values.socket ?? (await controlSocket(values.config)))
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
