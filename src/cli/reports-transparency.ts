import { transparencyCsv } from '../exports/counts.ts'
import { ACTOR_USAGE, actorOf, actorOptions } from './case-options.ts'
import { UsageError, type Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { expectPositionals, readOptions } from './options.ts'
import { openOutput } from './private-file.ts'

export const reportsTransparencyCommand: Command = {
  name: 'reports transparency',
  summary: 'what was counted of reports, decisions, appeals and notices',
  usage: `--from MONTH --to MONTH --as NAME [--mfa] [--csv] [--out FILE] [--config FILE | --socket PATH]

${ACTOR_USAGE}
  --from, --to  first and last month, such as 2026-01; both have to be over
  --csv        as CSV instead of JSON
  --out FILE   a new file that only our user can read, instead of standard output`,
  run: async (args, environment) => {
    const { values, positionals } = readOptions(args, OPTIONS)
    expectPositionals(positionals, [])
    const actor = actorOf(values)
    const { from, to, csv, out } = values
    if (from === undefined || to === undefined)
      throw new UsageError('expected --from and --to with a month')
    await using client = await connectControl(values, environment)
    const counted = await client.exports.transparency({ ...actor, from, to })
    await using output = await openOutput(out, environment)
    await output.write(csv ? transparencyCsv(counted) : `${JSON.stringify(counted)}\n`)
    return 0
  },
}

const OPTIONS = {
  ...actorOptions,
  from: { type: 'string' },
  to: { type: 'string' },
  csv: { type: 'boolean', default: false },
  out: { type: 'string' },
} as const
