import type { LimitsList } from '../admin/limits-api.ts'
import type { Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { rateText, tableText } from './limits-text.ts'
import { controlOptions, expectPositionals, readOptions } from './options.ts'

export const limitsShowCommand: Command = {
  name: 'limits show',
  summary: 'show the rate limits in force, and what they refused',
  usage: `[--json] [--config FILE | --socket PATH]

Per limit: whose budget it is, whether it is enforced, what it gives in the long run and at once, what it
takes from it, and how often it has refused since the start, or would have in shadow. Then what each
operation weighs, which providers have less of their own budgets, and where the budgets are held.`,
  run: async (args, environment) => {
    const { values, positionals } = readOptions(args, controlOptions)
    expectPositionals(positionals, [])
    await using client = await connectControl(values, environment)
    const list = await client.limits.list()
    environment.out(values.json ? `${JSON.stringify(list)}\n` : listText(list))
    return 0
  },
}

function listText({ limits, costs, standings, store }: LimitsList): string {
  const head = ['limit', 'per', 'mode', 'rate', 'burst', 'cost', 'refused', 'in shadow']
  const rows = limits.map(
    ({ name, per, mode, perSecond, burst, cost, counts, refused, shadowed }) => [
      name,
      per,
      mode,
      rateText(perSecond),
      String(burst),
      counts === 'units' ? `${cost} per unit` : String(cost),
      String(refused),
      String(shadowed),
    ],
  )
  const units = Object.entries(costs.operations).map(([name, cost]) => [name, String(cost)])
  const lowered = standings.map(
    ({ provider, factor, admissions, strikes }) =>
      `${provider} has ${factor} of its own budgets: ${strikes} strikes, ${admissions} admissions in 30 days\n`,
  )
  const { kind, degraded, buckets, evictions, fallbacks } = store
  return [
    tableText([head, ...rows]),
    `\nunits of an operation, and one more for each ${costs.octetsPerUnit} octets\n`,
    tableText(units),
    lowered.length === 0 ? '' : `\n${lowered.join('')}`,
    `\nbudgets in ${kind}${degraded ? ', which is away: half limits, each node by itself' : ''}\n`,
    `${buckets} held here, ${evictions} given up early, ${fallbacks} decisions without the store\n`,
  ].join('')
}
