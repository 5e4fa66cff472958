import type { Command } from './command.ts'
import { expectPositionals, readOptions } from './options.ts'

export const configCheckCommand: Command = {
  name: 'config check',
  summary: 'read a configuration and say everything that is wrong with it',
  usage: `[--config FILE]

  --config FILE  instead of POSTERN_CONFIG or ./postern.yaml

Exit code 1 when something is wrong.`,
  run: async (args, { loadConfig, out }) => {
    const { values, positionals } = readOptions(args, { config: { type: 'string' } })
    expectPositionals(positionals, [])
    const config = await loadConfig(values.config)
    const { listeners, upstream, peers } = config
    const { internal } = listeners
    const lines = [
      `${config.file ?? 'embedded default'}: valid`,
      `provider ${config.provider}`,
      `peers listener ${listeners.peers.host}:${listeners.peers.port}`,
      `internal listener ${internal.kind === 'tcp' ? `${internal.host}:${internal.port}` : internal.path}`,
      `admin listener ${listeners.admin.host}:${listeners.admin.port}, ${listeners.admin.socket}`,
      `delivery service ${upstream === undefined ? `embedded, ${config.ds.host}:${config.ds.port}` : upstream.url}`,
      `peers ${peers.size}, of which ${[...peers.values()].filter(({ allow }) => allow).length} are served`,
    ]
    out(`${lines.join('\n')}\n`)
    return 0
  },
}
