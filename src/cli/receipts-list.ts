import type { Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { controlOptions, expectPositionals, readOptions, wholeNumber } from './options.ts'
import { utcDay } from './receipt-text.ts'

export const receiptsListCommand: Command = {
  name: 'receipts list',
  summary: 'list the receipts of what a running server showed other providers',
  usage: `[--peer DOMAIN] [--limit N] [--before N] [--json] [--config FILE | --socket PATH]

  --peer DOMAIN  only those for this provider
  --limit N      at most N receipts, 1 to 1000; 100 by default
  --before N     go on with older ones, where the last page ended

One for each provider and day in UTC on which anything passed; the newest first. A day is in the list
when it is over.`,
  run: async (args, environment) => {
    const { out } = environment
    const { values, positionals } = readOptions(args, {
      ...controlOptions,
      peer: { type: 'string' },
      limit: { type: 'string', default: '100' },
      before: { type: 'string' },
    })
    expectPositionals(positionals, [])
    const limit = wholeNumber(values.limit, '--limit', 1_000)
    const { before } = values
    await using client = await connectControl(values, environment)
    const list = await client.receipts.list({
      peer: values.peer,
      before: before === undefined ? undefined : wholeNumber(before, '--before'),
      limit,
    })
    if (values.json) {
      out(`${JSON.stringify(list)}\n`)
      return 0
    }
    if (list.receipts.length === 0)
      out('no receipts yet: a day is in the list when it is over, at 00:00 UTC\n')
    for (const { peer, seq, digest, fromMs, interruptions } of list.receipts)
      out(
        `${`${peer}/${seq}`.padEnd(24)}  ${utcDay(fromMs)}  ${digest}${interruptions === 0 ? '' : `  interrupted ${interruptions}`}\n`,
      )
    if (list.next !== undefined) out(`more: --before ${list.next}\n`)
    return 0
  },
}
