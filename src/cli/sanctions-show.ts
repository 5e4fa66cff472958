import type { Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { controlOptions, expectPositionals, readOptions } from './options.ts'
import { sanctionText } from './sanction-text.ts'

export const sanctionsShowCommand: Command = {
  name: 'sanctions show',
  summary: 'show one sanction',
  usage: 'ID [--json] [--config FILE | --socket PATH]',
  run: async (args, environment) => {
    const { out, err } = environment
    const { values, positionals } = readOptions(args, controlOptions)
    expectPositionals(positionals, ['ID'])
    const [id = ''] = positionals
    await using client = await connectControl(values, environment)
    const view = await client.sanctions.find(id)
    if (view === undefined) {
      err('no such sanction\n')
      return 1
    }
    out(values.json ? `${JSON.stringify(view)}\n` : sanctionText(view))
    return 0
  },
}

export const sanctionsUndoCommand: Command = {
  name: 'sanctions undo',
  summary: 'take a sanction back',
  usage: `ID [--json] [--config FILE | --socket PATH]

An unban lets somebody back in and adds no client. A retraction that is undone asks clients to show the
message again; copies that were dropped do not come back.`,
  run: async (args, environment) => {
    const { out } = environment
    const { values, positionals } = readOptions(args, controlOptions)
    expectPositionals(positionals, ['ID'])
    const [id = ''] = positionals
    await using client = await connectControl(values, environment)
    const view = await client.sanctions.undo(id)
    out(values.json ? `${JSON.stringify(view)}\n` : sanctionText(view))
    return 0
  },
}
