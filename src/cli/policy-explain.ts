import { readFile } from 'node:fs/promises'
import { explainRequest, type Explanation } from '../policy/explain.ts'
import { policyRequestSchema } from '../policy/policy-case.ts'
import { UsageError, type Command } from './command.ts'
import { expectPositionals, readOptions } from './options.ts'
import { readPolicyArgument } from './read-policies.ts'

export const policyExplainCommand: Command = {
  name: 'policy explain',
  summary: 'say which policies decide a request, and why',
  usage: `POLICIES REQUEST [--json]

  POLICIES  a profile, a file, or a directory with *.cedar files
  REQUEST   a JSON file: principal, action, resource and context, as in the cases of profiles
  --json    for machines

Shows every form of the field of the action, most exposing first. Exit code 1 when the action is denied.`,
  run: async (args, { clock, out }) => {
    const { values, positionals } = readOptions(args, { json: { type: 'boolean', default: false } })
    expectPositionals(positionals, ['POLICIES', 'REQUEST'])
    const [policies = '', path = ''] = positionals
    const explanation = explainRequest(
      await readPolicyArgument(policies, clock),
      await readRequest(path),
    )
    out(values.json ? `${JSON.stringify(explanation)}\n` : `${linesOf(explanation).join('\n')}\n`)
    return explanation.decision === 'allow' ? 0 : 1
  },
}

async function readRequest(path: string) {
  try {
    const {
      reason: _reason,
      errors: _errors,
      ...request
    } = JSON.parse(await readFile(path, 'utf8'))
    return policyRequestSchema.parse(request)
  } catch (cause) {
    throw new UsageError('expected a file with a request in JSON', { cause })
  }
}

function linesOf({ decision, forms }: Explanation): readonly string[] {
  return [
    decision,
    ...forms.flatMap(({ action, decision: each, policies }) => [
      `${action}: ${each}${policies.length === 0 ? ', no policy permits it' : ''}`,
      ...policies.map(
        ({ id, line, title, reason }) => `    ${id} (line ${line}): ${title} ${reason}`,
      ),
    ]),
  ]
}
