import type { Command } from './command.ts'
import { expectPositionals, readOptions } from './options.ts'

export const policyDiffCommand: Command = {
  name: 'policy diff',
  summary: 'compare what two policy sets show, in every situation',
  usage: `OLD NEW [--json]

  OLD, NEW  profiles, files, or directories with *.cedar files
  --json    for machines

Exit code 1 when NEW shows more in any situation.`,
  run: async (args, { clock, out }) => {
    const { values, positionals } = readOptions(args, { json: { type: 'boolean', default: false } })
    expectPositionals(positionals, ['OLD', 'NEW'])
    const { readPolicyArgument } = await import('./read-policies.ts')
    const { exposureDiff, exposureRises } = await import('../policy/exposure-diff.ts')
    const { diffLines } = await import('../policy/exposure-text.ts')
    const [before = '', after = ''] = positionals
    const cells = exposureDiff(
      await readPolicyArgument(before, clock),
      await readPolicyArgument(after, clock),
    )
    const changed = cells.filter(({ more, less }) => more + less > 0)
    const rises = exposureRises(cells)
    out(
      values.json
        ? `${JSON.stringify({ rises, cells: changed })}\n`
        : `${[...diffLines(changed), rises ? 'exposure rises' : 'exposure does not rise'].join('\n')}\n`,
    )
    return rises ? 1 : 0
  },
}
