import type { Command } from './command.ts'
import { expectPositionals, readOptions } from './options.ts'

export const versionCommand: Command = {
  name: 'version',
  summary: 'print the version',
  usage: '',
  run: (args, { version, out }) => {
    expectPositionals(readOptions(args, {}).positionals, [])
    out(`${version}\n`)
    return Promise.resolve(0)
  },
}
