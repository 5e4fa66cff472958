import { negotiate, type NearMiss } from '../metadata/negotiate.ts'
import type { RequirementsDocument } from '../metadata/requirements/document.ts'
import { UsageError, type Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import type { ControlClient } from './control-client.ts'
import { controlOptions, expectPositionals, readOptions } from './options.ts'
import {
  everybodysSuites,
  providerOf,
  readDocumentFile,
  suiteLabel,
  utc,
} from './requirements-input.ts'
import { opened } from './requirements-show.ts'

export const requirementsNegotiateCommand: Command = {
  name: 'requirements negotiate',
  summary: 'show what two providers would agree on',
  usage: `HUB FOLLOWER [--json] [--config FILE | --socket PATH]

Each is a file with a signed document, or a domain whose document a running server fetches. For rooms
of the first with participants of the second; nothing is kept and nothing changes.

Exit code 1 when they have no suite in common: then the nearest suites are shown, with each conflict.`,
  run: async (args, environment) => {
    const { out } = environment
    const { values, positionals } = readOptions(args, controlOptions)
    expectPositionals(positionals, ['HUB', 'FOLLOWER'])
    const [first = '', second = ''] = positionals
    const connect = () => connectControl(values, environment)
    const hub = await documentOf(first, connect)
    const follower = await documentOf(second, connect)
    const suites = everybodysSuites()
    const outcome = negotiate(hub, follower, suites)
    if (values.json) out(`${JSON.stringify(outcome)}\n`)
    else if (outcome.kind === 'agreed') {
      const { id, suites: codes, expiresAt } = outcome.agreement
      out(`agreement ${id}\nhub ${hub.provider}, follower ${follower.provider}\n`)
      out(`suites ${codes.map((code) => suiteLabel(code, hub, suites)).join(', ')}\n`)
      out(`until ${utc(expiresAt * 1_000)}\n`)
    } else {
      out(`no common suite of hub ${hub.provider} and follower ${follower.provider}\n`)
      out('\nfor each field and who gets it: the least and the most that each side wants shown\n')
      for (const miss of outcome.nearest)
        out(
          nearMissText(miss, {
            hub: suiteLabel(miss.suite, hub, suites),
            follower: suiteLabel(miss.closest, follower, suites),
          }),
        )
    }
    return outcome.kind === 'agreed' ? 0 : 1
  },
}

async function documentOf(
  target: string,
  connect: () => Promise<ControlClient>,
): Promise<RequirementsDocument> {
  const file = await readDocumentFile(target)
  if (file?.kind === 'opened') return file.signed.document
  const provider = file === undefined ? providerOf(target) : undefined
  if (provider === undefined) throw new UsageError('expected files with documents, or domains')
  await using client = await connect()
  const own = opened((await client.requirements.own()).jws)
  if (own.document.provider === provider) return own.document
  const { jws } = await client.requirements.check(provider)
  if (jws === undefined) throw new UsageError('one of the providers has no document')
  return opened(jws).document
}

function nearMissText(
  { conflicts }: NearMiss,
  names: { readonly hub: string; readonly follower: string },
): string {
  const head = `\n${names.hub} of the hub is nearest to ${names.follower} of the follower, ${conflicts.length} conflicts\n`
  const rows = conflicts.map(
    ({ field, audience, hub, follower }) =>
      `  ${field.padEnd(22)} ${audience.padEnd(9)} hub ${hub.join('..').padEnd(32)} follower ${follower.join('..')}\n`,
  )
  return `${head}${rows.join('')}`
}
