import type { Command } from './command.ts'
import { expectPositionals, readOptions } from './options.ts'

export const serveCommand: Command = {
  name: 'serve',
  summary: 'run the gateway',
  usage: `[--config FILE]

  --config FILE  instead of POSTERN_CONFIG or ./postern.yaml; without any of them an embedded
                 default runs on loopback

SIGTERM and SIGINT drain and stop, SIGHUP reads the configuration again.`,
  run: (args, { serve }) => {
    const { values, positionals } = readOptions(args, { config: { type: 'string' } })
    expectPositionals(positionals, [])
    return serve(values.config)
  },
}
