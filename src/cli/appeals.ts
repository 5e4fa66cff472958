import { ACTOR_USAGE, actorOf, actorOptions, askedBy, readText } from './case-options.ts'
import { appealLine, plain } from './case-text.ts'
import { UsageError, type Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { controlOptions, expectPositionals, readOptions } from './options.ts'

export const appealsListCommand: Command = {
  name: 'appeals list',
  summary: 'list appeals, the oldest first',
  usage: `--as NAME [--mfa] [--state pending|upheld|reversed] [--limit N] [--after ID] [--json]
    [--config FILE | --socket PATH]

${ACTOR_USAGE}`,
  run: async (args, environment) => {
    const { out } = environment
    const { values, positionals } = readOptions(args, {
      ...actorOptions,
      state: { type: 'string' },
      limit: { type: 'string' },
      after: { type: 'string' },
    })
    expectPositionals(positionals, [])
    const { state, limit, after } = values
    await using client = await connectControl(values, environment)
    const list = await client.cases.listAppeals({ ...askedBy(values), state, limit, after })
    if (values.json) {
      out(`${JSON.stringify(list)}\n`)
      return 0
    }
    if (list.appeals.length === 0) out('no appeals\n')
    for (const appeal of list.appeals) out(appealLine(appeal))
    if (list.next !== undefined) out(`more: --after ${list.next}\n`)
    return 0
  },
}

export const appealsFileCommand: Command = {
  name: 'appeals file',
  summary: 'file an appeal for whoever was sanctioned',
  usage: `ABOUT --from URI|DOMAIN [--words FILE] [--json] [--config FILE | --socket PATH]

  ABOUT         a case, or the statement of reasons that the subject was told of
  --from        the subject, or its provider for it: you answer for who it is
  --words FILE  what they say, plain text; standard input unless given`,
  run: async (args, environment) => {
    const { values, positionals } = readOptions(args, {
      ...controlOptions,
      from: { type: 'string' },
      words: { type: 'string', default: '-' },
    })
    expectPositionals(positionals, ['ABOUT'])
    const { from } = values
    if (from === undefined) throw new UsageError('expected --from and a URI or a domain')
    const words = await readText(values.words, environment)
    await using client = await connectControl(values, environment)
    const appeal = await client.cases.fileAppeal({ about: positionals[0] ?? '', from, words })
    environment.out(values.json ? `${JSON.stringify(appeal)}\n` : appealLine(appeal))
    return 0
  },
}

export const appealsDecideCommand: Command = {
  name: 'appeals decide',
  summary: 'decide an appeal against a colleague’s decision',
  usage: `ID --as NAME [--mfa] (--uphold | --reverse) --reasons TEXT [--json]
    [--config FILE | --socket PATH]

${ACTOR_USAGE}
  --uphold   the decision stays
  --reverse  all that it did is taken back`,
  run: async (args, environment) => {
    const { values, positionals } = readOptions(args, {
      ...actorOptions,
      uphold: { type: 'boolean', default: false },
      reverse: { type: 'boolean', default: false },
      reasons: { type: 'string' },
    })
    expectPositionals(positionals, ['ID'])
    const { uphold, reverse, reasons } = values
    if (uphold === reverse) throw new UsageError('expected either --uphold or --reverse')
    if (reasons === undefined) throw new UsageError('expected --reasons')
    const actor = actorOf(values)
    await using client = await connectControl(values, environment)
    const outcome = uphold ? 'upheld' : 'reversed'
    const verdict = { ...actor, outcome, reasons } as const
    const appeal = await client.cases.decideAppeal(positionals[0] ?? '', verdict)
    environment.out(
      values.json
        ? `${JSON.stringify(appeal)}\n`
        : `${appealLine(appeal)}${plain(appeal.reasons ?? '')}\n`,
    )
    return 0
  },
}
