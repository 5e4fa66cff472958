import type { Command } from './command.ts'
import { expectPositionals, readOptions } from './options.ts'

export const policyCheckCommand: Command = {
  name: 'policy check',
  summary: 'parse, validate and self-test policies and say everything that is wrong',
  usage: `POLICIES [--json]

  POLICIES  a profile, a file, or a directory with *.cedar files
  --json    for machines

Exit code 1 when something is wrong.`,
  run: async (args, { clock, out }) => {
    const { values, positionals } = readOptions(args, { json: { type: 'boolean', default: false } })
    expectPositionals(positionals, ['POLICIES'])
    const { inspectPolicyArgument } = await import('./read-policies.ts')
    const reading = await inspectPolicyArgument(positionals[0] ?? '', clock)
    if (reading.kind === 'valid') {
      const { length } = reading.loaded.policies
      out(
        values.json
          ? `${JSON.stringify({ valid: true, policies: length })}\n`
          : `valid: ${length} policies\n`,
      )
      return 0
    }
    const { problems } = reading
    const lines = problems.map(
      ({ file, line, fault, explanation }) => `${file}:${line}: ${fault}: ${explanation}`,
    )
    out(values.json ? `${JSON.stringify({ valid: false, problems })}\n` : `${lines.join('\n')}\n`)
    return 1
  },
}
