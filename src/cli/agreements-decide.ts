import { agreementTexts } from './agreement-text.ts'
import { UsageError, type Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { controlOptions, expectPositionals, readOptions } from './options.ts'

export const agreementsApproveCommand = decision({
  verb: 'approve',
  summary: 'let a pending agreement take effect',
  explained:
    'It shows more than the one in force, or cannot be compared with it: look at it with\n`postern requirements negotiate` first.',
})

export const agreementsRejectCommand = decision({
  verb: 'reject',
  summary: 'turn a pending agreement down',
  explained: 'What is in force stays in force until it expires.',
})

function decision({
  verb,
  summary,
  explained,
}: {
  readonly verb: 'approve' | 'reject'
  readonly summary: string
  readonly explained: string
}): Command {
  return {
    name: `agreements ${verb}`,
    summary,
    usage: `ID [--json] [--config FILE | --socket PATH]

${explained} The first characters of an id are enough.`,
    run: async (args, environment) => {
      const { out } = environment
      const { values, positionals } = readOptions(args, controlOptions)
      expectPositionals(positionals, ['ID'])
      const [start = ''] = positionals
      if (start.length < ID_CHARACTERS_MIN)
        throw new UsageError(`expected at least ${ID_CHARACTERS_MIN} characters of an id`)
      await using client = await connectControl(values, environment)
      const { agreements } = await client.requirements.listAgreements()
      const found = agreements.filter(
        ({ id, state }) => state === 'pending' && id.startsWith(start),
      )
      const [only] = found
      if (only === undefined || found.length > 1)
        throw new UsageError('expected the id of one pending agreement')
      const decided = await client.requirements[verb](only.id)
      out(values.json ? `${JSON.stringify(decided)}\n` : agreementTexts([decided]).join(''))
      return 0
    },
  }
}

const ID_CHARACTERS_MIN = 4
