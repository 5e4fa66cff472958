import { authorityKinds } from '../policy/routing/vocabulary.ts'
import { ACTOR_USAGE, actorOf, actorOptions } from './case-options.ts'
import { plainJson } from './case-text.ts'
import { UsageError, type Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { expectPositionals, readOptions } from './options.ts'

export const reportsHandOverCommand: Command = {
  name: 'reports hand-over',
  summary: 'open a report for an authority, and record that it was given to it',
  usage: `ID --authority ${authorityKinds.join('|')} --basis ORDER|confirmed --as NAME [--mfa]
    [--json] [--config FILE | --socket PATH]

  --authority KIND  to whom
  --basis BASIS     what names the order of a court or a law, or confirmed where its case says so
${ACTOR_USAGE}

Nothing is sent: what the authority gets is written to standard output, once, as JSON. To whom, by whom,
on what ground and by which policies is recorded first: cases list --disclosures.`,
  run: async (args, environment) => {
    const { out } = environment
    const { values, positionals } = readOptions(args, {
      ...actorOptions,
      authority: { type: 'string' },
      basis: { type: 'string' },
    })
    expectPositionals(positionals, ['ID'])
    const authority = authorityKinds.find((kind) => kind === values.authority)
    const { basis } = values
    if (authority === undefined)
      throw new UsageError(`expected an --authority of ${authorityKinds.join(', ')}`)
    if (basis === undefined) throw new UsageError('expected a --basis')
    const asked = { ...actorOf(values), authority, basis }
    await using client = await connectControl(values, environment)
    const handed = await client.notices.handOver(positionals[0] ?? '', asked)
    out(values.json ? `${JSON.stringify(handed)}\n` : `${plainJson(handed)}\n`)
    return 0
  },
}
