import type { Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { controlOptions, expectPositionals, readOptions, wholeNumber } from './options.ts'
import { sanctionLine } from './sanction-text.ts'

export const sanctionsListCommand: Command = {
  name: 'sanctions list',
  summary: 'list bans, limits, retractions and labels, and how far each has come',
  usage: `[--room ROOM] [--limit N] [--before N] [--json] [--config FILE | --socket PATH]

  --room ROOM  only those in this room
  --limit N    at most N sanctions, 1 to 1000; 100 by default
  --before N   go on with older ones, where the last page ended

The newest first.`,
  run: async (args, environment) => {
    const { out } = environment
    const { values, positionals } = readOptions(args, {
      ...controlOptions,
      room: { type: 'string' },
      limit: { type: 'string', default: '100' },
      before: { type: 'string' },
    })
    expectPositionals(positionals, [])
    const { room, before } = values
    await using client = await connectControl(values, environment)
    const list = await client.sanctions.list({
      room,
      before: before === undefined ? undefined : wholeNumber(before, '--before'),
      limit: wholeNumber(values.limit, '--limit', 1_000),
    })
    if (values.json) {
      out(`${JSON.stringify(list)}\n`)
      return 0
    }
    if (list.sanctions.length === 0) out('no sanctions\n')
    for (const view of list.sanctions) out(sanctionLine(view))
    if (list.next !== undefined) out(`more: --before ${list.next}\n`)
    return 0
  },
}
