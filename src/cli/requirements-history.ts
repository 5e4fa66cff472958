import type { Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { controlOptions, expectPositionals, readOptions } from './options.ts'
import { everybodysSuites, suiteLabel, utc } from './requirements-input.ts'
import { opened } from './requirements-show.ts'

export const requirementsHistoryCommand: Command = {
  name: 'requirements history',
  summary: 'list the documents that a running server has published',
  usage: `[--json | --jws] [--config FILE | --socket PATH]

  --jws  the signed documents, one a line, as \`receipts verify --document\` takes them

The newest last; the last 64.`,
  run: async (args, environment) => {
    const { out } = environment
    const { values, positionals } = readOptions(args, {
      ...controlOptions,
      jws: { type: 'boolean', default: false },
    })
    expectPositionals(positionals, [])
    await using client = await connectControl(values, environment)
    const history = await client.requirements.history()
    if (values.jws) {
      for (const jws of history.documents) out(`${jws}\n`)
      return 0
    }
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
