import { ACTOR_USAGE, actorOf, actorOptions } from './case-options.ts'
import { attachmentLine } from './case-text.ts'
import { UsageError, type Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { expectPositionals, readOptions, wholeNumber } from './options.ts'
import { createPrivateFile } from './private-file.ts'

export const casesAttachmentCommand: Command = {
  name: 'cases attachment',
  summary: 'fetch one attachment of a report and tell whether it is the one that was sent',
  usage: `ID --report ID --as NAME [--mfa] [--message N] [--part N] [--out FILE] [--json]
    [--config FILE | --socket PATH]

${ACTOR_USAGE}
  --report ID  the report that it is in
  --message N  the message, by its number in the evidence; 1 unless given
  --part N     the attachment, by its number in the message; 1 unless given
  --out FILE   write it, open, into a new file that only our user can read; without it nobody sees it

Needs a claim, and goes into the log before its host is asked.`,
  run: async (args, environment) => {
    const { values, positionals } = readOptions(args, {
      ...actorOptions,
      report: { type: 'string' },
      message: { type: 'string', default: '1' },
      part: { type: 'string', default: '1' },
      out: { type: 'string' },
    })
    expectPositionals(positionals, ['ID'])
    const [id = ''] = positionals
    const { report, out } = values
    if (report === undefined) throw new UsageError('expected a --report')
    const asked = {
      ...actorOf(values),
      report,
      message: wholeNumber(values.message, '--message', PLACE_MAX),
      part: wholeNumber(values.part, '--part', PLACE_MAX),
      content: out !== undefined,
    }
    await using client = await connectControl(values, environment)
    const { content = '', ...shown } = await client.cases.attachment(id, asked)
    if (out !== undefined) {
      await using file = await createPrivateFile(out)
      await file.writeFile(content, 'base64')
    }
    environment.out(values.json ? `${JSON.stringify(shown)}\n` : attachmentLine(shown))
    return 0
  },
}

const PLACE_MAX = 1_024
