import { agreementTexts } from './agreement-text.ts'
import type { Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { controlOptions, expectPositionals, readOptions } from './options.ts'

export const agreementsListCommand: Command = {
  name: 'agreements list',
  summary: 'list the agreements on metadata with other providers',
  usage: `[--pending] [--json] [--config FILE | --socket PATH]

  --pending  only those that wait for a decision`,
  run: async (args, environment) => {
    const { out } = environment
    const { values, positionals } = readOptions(args, {
      ...controlOptions,
      pending: { type: 'boolean', default: false },
    })
    expectPositionals(positionals, [])
    await using client = await connectControl(values, environment)
    const list = await client.requirements.listAgreements()
    const agreements = list.agreements.filter(({ state }) => !values.pending || state === 'pending')
    if (values.json) out(`${JSON.stringify({ agreements })}\n`)
    else if (agreements.length === 0) out('no agreements\n')
    else for (const text of agreementTexts(agreements)) out(text)
    return 0
  },
}
