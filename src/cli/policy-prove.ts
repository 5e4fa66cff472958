import { join } from 'node:path'
import type { Command } from './command.ts'
import { UsageError } from './command.ts'
import { readOptions } from './options.ts'

export const policyProveCommand: Command = {
  name: 'policy prove',
  summary: 'hold policies against invariants, in every situation',
  usage: `POLICIES [INVARIANTS] [--json]

  POLICIES    a profile, a file, or a directory with *.cedar files
  INVARIANTS  a YAML file; without it, invariants.yaml of the directory
  --json      for machines

Every situation that policies or invariant can tell apart is asked, none is sampled. Exit code 1 when
one does not hold: then a situation is shown, with the policies that decide it. An invariant that no
situation is about does not hold either.`,
  run: async (args, { clock, out }) => {
    const { values, positionals } = readOptions(args, { json: { type: 'boolean', default: false } })
    const [policies, file] = positionals
    if (policies === undefined || positionals.length > 2)
      throw new UsageError('expected POLICIES and perhaps INVARIANTS')
    const { pathOf, readPolicyArgument } = await import('./read-policies.ts')
    const { INVARIANTS, readInvariants } = await import('../settings/policy-files.ts')
    const { holds, proofText, prove } = await import('../policy/prove.ts')
    const invariants = await readInvariants(file ?? join(pathOf(policies), INVARIANTS))
    const proofs = prove(await readPolicyArgument(policies, clock), invariants)
    out(
      values.json
        ? `${JSON.stringify(proofs.map((proof) => ({ ...proof, holds: holds(proof) })))}\n`
        : `${proofs.map(proofText).join('\n')}\n`,
    )
    return proofs.every(holds) ? 0 : 1
  },
}
