import { ACTOR_USAGE, actorOptions, askedBy } from './case-options.ts'
import { caseLine, disclosureLine } from './case-text.ts'
import type { Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { expectPositionals, readOptions } from './options.ts'

export const casesListCommand: Command = {
  name: 'cases list',
  summary: 'list the cases that a moderator works, the most urgent first',
  usage: `--as NAME [--mfa] [--queues | --deletions | --disclosures] [--queue QUEUE] [--severity 0..4]
    [--stage waiting|decided|appealed|closed] [--order priority|deadline] [--mine]
    [--limit N] [--after NEXT] [--json] [--config FILE | --socket PATH]

${ACTOR_USAGE}
  --queues     how much waits in each queue instead
  --deletions  what was deleted, when and why, instead
  --disclosures  what was given to authorities, instead
  --mine       only what that person holds now`,
  run: async (args, environment) => {
    const { out } = environment
    const { values, positionals } = readOptions(args, {
      ...actorOptions,
      queues: { type: 'boolean', default: false },
      deletions: { type: 'boolean', default: false },
      disclosures: { type: 'boolean', default: false },
      queue: { type: 'string' },
      severity: { type: 'string' },
      stage: { type: 'string' },
      order: { type: 'string' },
      mine: { type: 'boolean', default: false },
      limit: { type: 'string' },
      after: { type: 'string' },
    })
    expectPositionals(positionals, [])
    await using client = await connectControl(values, environment)
    const asked = askedBy(values)
    if (values.queues) {
      const list = await client.cases.queues(asked)
      if (values.json) out(`${JSON.stringify(list)}\n`)
      else
        for (const { queue, waiting, overdue } of list.queues)
          out(`${queue.padEnd(14)} ${waiting} waiting, ${overdue} overdue\n`)
      return 0
    }
    if (values.deletions) {
      const list = await client.cases.deletions(DELETIONS_SHOWN)
      if (values.json) out(`${JSON.stringify(list)}\n`)
      else
        for (const { case: id, atMs, class: kept, by, reports } of list.deletions)
          out(`${id}  ${new Date(atMs).toISOString()}  ${kept}  by ${by}  ${reports} reports\n`)
      return 0
    }
    if (values.disclosures) {
      const list = await client.cases.disclosures(DELETIONS_SHOWN)
      out(values.json ? `${JSON.stringify(list)}\n` : list.disclosures.map(disclosureLine).join(''))
      return 0
    }
    const { queue, severity, stage, order, limit, after } = values
    const mine = String(values.mine)
    const filter = { queue, severity, stage, order, limit, after, mine }
    const list = await client.cases.list({ ...asked, ...filter })
    if (values.json) {
      out(`${JSON.stringify(list)}\n`)
      return 0
    }
    if (list.cases.length === 0) out('no cases\n')
    for (const each of list.cases) out(caseLine(each))
    if (list.next !== undefined) out(`more: --after ${list.next}\n`)
    return 0
  },
}

const DELETIONS_SHOWN = 100
