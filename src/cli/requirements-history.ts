import type { Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { controlOptions, expectPositionals, readOptions } from './options.ts'
import { everybodysSuites, suiteLabel, utc } from './requirements-input.ts'
import { opened } from './requirements-show.ts'

export const requirementsHistoryCommand: Command = {
  name: 'requirements history',
  summary: 'list the documents that a running server has published',
  usage: `[--json] [--config FILE | --socket PATH]

The newest last; the last 64.`,
  run: async (args, environment) => {
    const { out } = environment
    const { values, positionals } = readOptions(args, controlOptions)
    expectPositionals(positionals, [])
    await using client = await connectControl(values, environment)
    const history = await client.requirements.history()
    if (values.json) {
      out(`${JSON.stringify(history)}\n`)
      return 0
    }
    const suites = everybodysSuites()
    for (const { document, digest } of history.documents.map(opened)) {
      const list = (codes: readonly number[]) =>
        codes.map((code) => suiteLabel(code, document, suites)).join(', ')
      out(
        `${document.seq}  ${utc(document.issuedAt * 1_000)}  ${digest}  as hub ${list(document.asHub)}; as follower ${list(document.asFollower)}\n`,
      )
    }
    return 0
  },
}
