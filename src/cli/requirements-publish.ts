import type { Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { controlOptions, expectPositionals, readOptions } from './options.ts'
import { opened } from './requirements-show.ts'
import { requirementsText } from './requirements-text.ts'

export const requirementsPublishCommand: Command = {
  name: 'requirements publish',
  summary: 'publish what changed, from the configuration that is in force',
  usage: `[--renew] [--json] [--config FILE | --socket PATH]

  --renew  publish a new document also where nothing changed

A running server does this by itself: when it starts, on reload, and before its document expires.`,
  run: async (args, environment) => {
    const { out } = environment
    const { values, positionals } = readOptions(args, {
      ...controlOptions,
      renew: { type: 'boolean', default: false },
    })
    expectPositionals(positionals, [])
    await using client = await connectControl(values, environment)
    const result = await client.requirements.publish({ renew: values.renew })
    if (values.json) out(`${JSON.stringify(result)}\n`)
    else
      out(
        `${result.published ? 'published' : 'unchanged'}\n${requirementsText(opened(result.jws))}`,
      )
    return 0
  },
}
