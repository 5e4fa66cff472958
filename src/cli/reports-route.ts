import type { RouteList } from '../admin/notices-api.ts'
import type { Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { sentLine, toldLine } from './notice-text.ts'
import { controlOptions, expectPositionals, readOptions } from './options.ts'

export const reportsRouteCommand: Command = {
  name: 'reports route',
  summary: 'show where a report would go and why, and send nothing',
  usage: `ID [--confirmed] [--decided] [--order] [--json] [--config FILE | --socket PATH]

  --confirmed  as if a person had confirmed the category
  --decided    as if it had been decided
  --order      as if a court had ordered it

As the case of the report stands: a decision to act confirms the category, until it is taken back. One line for each receiver and each thing that it could get, with the policies that decide.`,
  run: async (args, environment) => {
    const { out, err } = environment
    const { values, positionals } = readOptions(args, {
      ...controlOptions,
      confirmed: { type: 'boolean', default: false },
      decided: { type: 'boolean', default: false },
      order: { type: 'boolean', default: false },
    })
    expectPositionals(positionals, ['ID'])
    await using client = await connectControl(values, environment)
    const list = await client.notices.routes(positionals[0] ?? '', values)
    if (list === undefined) {
      err('no such report\n')
      return 1
    }
    out(values.json ? `${JSON.stringify(list)}\n` : routesText(list))
    return 0
  },
}

function routesText({ case: { decided }, routes, sent, told }: RouteList): string {
  const lines = routes.map(({ role, receiver, disclosure, decision, policies }) => {
    const why = policies.length === 0 ? 'no policy permits it' : policies.join(', ')
    const head = `${decision.padEnd(5)}  ${disclosure.padEnd(8)}  ${role.padEnd(17)}`
    return `${head}  ${receiver}  ${why}\n`
  })
  const standing = decided ? ['its case was decided: something is done\n'] : []
  const notices = sent.map((notice) => `sent: ${sentLine(notice)}`)
  const moderators = told === undefined ? [] : [`told: ${toldLine(told)}`]
  return [...standing, ...lines, ...notices, ...moderators].join('')
}
