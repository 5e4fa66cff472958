import type { Command } from './command.ts'
import { expectPositionals, readOptions } from './options.ts'

export const policyMatrixCommand: Command = {
  name: 'policy matrix',
  summary: 'show the most revealing form of each field that peers can reach',
  usage: `POLICIES [--json]

  POLICIES  a profile, a file, or a directory with *.cedar files
  --json    for machines: each cell by purpose, with the policies that decide it

Every situation that the policies can tell apart is asked, none is sampled.`,
  run: async (args, { clock, out }) => {
    const { values, positionals } = readOptions(args, { json: { type: 'boolean', default: false } })
    expectPositionals(positionals, ['POLICIES'])
    const { readPolicyArgument } = await import('./read-policies.ts')
    const { exposureMatrix } = await import('../policy/exposure-diff.ts')
    const { matrixTable } = await import('../policy/exposure-text.ts')
    const cells = exposureMatrix(await readPolicyArgument(positionals[0] ?? '', clock))
    const document = cells.map(({ ladder, peerClass, purpose, after, situations }) => ({
      ladder,
      peerClass,
      purpose,
      ...after,
      situations,
    }))
    out(values.json ? `${JSON.stringify(document)}\n` : `${matrixTable(cells)}\n`)
    return 0
  },
}
