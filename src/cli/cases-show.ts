import { ACTOR_USAGE, actorOf, actorOptions, askedBy } from './case-options.ts'
import { caseText, plain, plainJson } from './case-text.ts'
import { UsageError, type Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { expectPositionals, readOptions } from './options.ts'

export const casesShowCommand: Command = {
  name: 'cases show',
  summary: 'show a case, and to whoever holds it what was reported',
  usage: `ID --as NAME [--mfa] [--evidence [--report ID]] [--reporters --purpose TEXT] [--json]
    [--config FILE | --socket PATH]

${ACTOR_USAGE}
  --evidence   open the sealed report; needs a claim, and goes into the log
  --report ID  this one, instead of the best of the case
  --reporters  who reported; needs a purpose, which goes into the log`,
  run: async (args, environment) => {
    const { out } = environment
    const { values, positionals } = readOptions(args, {
      ...actorOptions,
      evidence: { type: 'boolean', default: false },
      report: { type: 'string' },
      reporters: { type: 'boolean', default: false },
      purpose: { type: 'string' },
    })
    expectPositionals(positionals, ['ID'])
    const [id = ''] = positionals
    const { report, purpose } = values
    if (values.reporters && purpose === undefined) throw new UsageError('expected a --purpose')
    await using client = await connectControl(values, environment)
    const { cases } = client
    const detail = await cases.show(id, askedBy(values))
    const evidence = values.evidence
      ? await cases.evidence(id, { ...actorOf(values), ...(report !== undefined && { report }) })
      : undefined
    const reporters =
      values.reporters && purpose !== undefined
        ? await cases.reporters(id, { ...actorOf(values), purpose })
        : undefined
    if (values.json) {
      out(`${JSON.stringify({ ...detail, evidence, ...reporters })}\n`)
      return 0
    }
    out(caseText(detail))
    if (evidence !== undefined) out(`evidence\n${plainJson(evidence)}\n`)
    for (const { report: from, reporter, provider } of reporters?.reporters ?? [])
      out(`report ${from} by ${reporter} of ${plain(provider)}\n`)
    return 0
  },
}
