import type { ConsentView } from '../admin/control-api.ts'
import type { Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { controlOptions, expectPositionals, readOptions, wholeNumber } from './options.ts'

export const consentListCommand: Command = {
  name: 'consent list',
  summary: 'list who asked for, gave and took back consent, on which terms',
  usage: `[--limit N] [--before N] [--json] [--config FILE | --socket PATH]

  --limit N   at most N entries, 1 to 1000; 100 by default
  --before N  go on before this entry`,
  run: async (args, environment) => {
    const { out } = environment
    const { values, positionals } = readOptions(args, {
      ...controlOptions,
      limit: { type: 'string', default: '100' },
      before: { type: 'string' },
    })
    expectPositionals(positionals, [])
    const limit = wholeNumber(values.limit, '--limit', 1_000)
    const before = values.before === undefined ? undefined : wholeNumber(values.before, '--before')
    await using client = await connectControl(values, environment)
    const list = await client.listConsents({ before, limit })
    if (values.json) {
      out(`${JSON.stringify(list)}\n`)
      return 0
    }
    if (list.consents.length === 0) out('no consents\n')
    for (const consent of list.consents) out(`${textOf(consent)}\n`)
    if (list.next !== undefined) out(`more: --before ${list.next}\n`)
    return 0
  },
}

function textOf({ position, atMs, change, requester, target, room, provider, terms }: ConsentView) {
  const where = room === undefined ? 'in any room' : `in ${room}`
  const about = `${requester} and ${target} ${where}`
  const first = `${position}  ${new Date(atMs).toISOString()}  ${change.padEnd(7)}  ${about}, says ${provider}`
  if (terms === undefined) return first
  const { suite, purposes, retentionDays, expiresAtMs } = terms
  const code = `0x${suite.toString(16).padStart(4, '0')}`
  const end = expiresAtMs === undefined ? 'no end' : `until ${new Date(expiresAtMs).toISOString()}`
  return `${first}\n    suite ${code}, for ${purposes.join(', ')}, kept ${retentionDays} days, ${end}`
}
