import type { Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { controlOptions, expectPositionals, readOptions } from './options.ts'

export const healthCommand: Command = {
  name: 'health',
  summary: 'ask a running server how it is',
  usage: `[--json] [--config FILE | --socket PATH]

Exit code 1 unless it is ready.`,
  run: async (args, environment) => {
    const { out } = environment
    const { values, positionals } = readOptions(args, controlOptions)
    expectPositionals(positionals, [])
    await using client = await connectControl(values, environment)
    const health = await client.health()
    if (values.json) out(`${JSON.stringify(health)}\n`)
    else {
      out(`${health.status}  postern ${health.version}\n`)
      for (const [name, { state, reason }] of Object.entries(health.components))
        out(`  ${name.padEnd(16)} ${state}${reason === undefined ? '' : ` (${reason})`}\n`)
    }
    return health.status === 'ready' ? 0 : 1
  },
}
