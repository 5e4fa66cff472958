import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { runCedarTest } from '../policy/cedar-tests.ts'
import { compiledEngine, compiledEvaluator } from '../policy/compiled-engine.ts'
import type { AuthorizationDecision, PolicyEngine } from '../policy/engine.ts'
import type { LoadedPolicies } from '../policy/load.ts'
import { policyCaseSchema } from '../policy/policy-case.ts'
import { UsageError, type Command } from './command.ts'
import { expectPositionals, readOptions } from './options.ts'
import { pathOf, readPolicyArgument } from './read-policies.ts'

export const policyTestCommand: Command = {
  name: 'policy test',
  summary: 'run the cases of policies, and tests of cedar run-tests',
  usage: `POLICIES [--json]

  POLICIES  a profile, or a directory with *.cedar files, the folders ALLOW and DENY, and perhaps
            *.tests.json as \`cedar run-tests\` takes them
  --json    for machines

A case passes when decision, deciding policies and errors are as it says. A test of Cedar's passes when the
decision and the number of errors are, and the policies of its reason decided. Exit code 1 when one fails.`,
  run: async (args, { clock, out }) => {
    const { values, positionals } = readOptions(args, { json: { type: 'boolean', default: false } })
    expectPositionals(positionals, ['POLICIES'])
    const [argument = ''] = positionals
    const loaded = await readPolicyArgument(argument, clock)
    const engine = compiledEngine(loaded)
    const results = [
      ...(await runCases(engine, pathOf(argument), 'ALLOW')),
      ...(await runCases(engine, pathOf(argument), 'DENY')),
      ...(await runTestFiles(loaded, pathOf(argument))),
    ]
    if (results.length === 0)
      throw new UsageError('expected the folders ALLOW and DENY with cases, or *.tests.json')
    const failed = results.filter(({ passed }) => !passed)
    const lines = failed.map(
      ({ name, answer }) =>
        `failed: ${name}: ${answer === undefined ? 'not a case' : `${answer.decision} by ${answer.policies.join(', ') || 'nothing'}`}`,
    )
    const summary = `${results.length - failed.length} of ${results.length} cases pass`
    out(
      values.json
        ? `${JSON.stringify({ cases: results.length, failed })}\n`
        : `${[...lines, summary].join('\n')}\n`,
    )
    return failed.length > 0 ? 1 : 0
  },
}

interface CaseResult {
  readonly name: string
  readonly passed: boolean
  /** Undefined where the file is no case. */
  readonly answer: AuthorizationDecision | undefined
}

async function runCases(
  engine: PolicyEngine,
  directory: string,
  folder: 'ALLOW' | 'DENY',
): Promise<readonly CaseResult[]> {
  const names = await readdir(join(directory, folder)).catch((): string[] => [])
  return Promise.all(
    names.toSorted().map(async (file) => {
      const name = `${folder}/${file}`
      const read = policyCaseSchema.safeParse(await readJson(join(directory, folder, file)))
      if (!read.success) return { name, passed: false, answer: undefined }
      const { reason, errors, ...request } = read.data
      const answer = engine.decide(request)
      const decision = folder === 'ALLOW' ? 'allow' : 'deny'
      const passed = isDeepStrictEqual(answer, { decision, policies: reason, errors })
      return { name, passed, answer }
    }),
  )
}

/** Each `*.tests.json` beside the policies; a file that is no array counts as one that fails. */
async function runTestFiles(
  loaded: LoadedPolicies,
  directory: string,
): Promise<readonly CaseResult[]> {
  const evaluate = compiledEvaluator(loaded)
  const names = await readdir(directory).catch((): string[] => [])
  const files = names.filter((name) => name.endsWith('.tests.json')).toSorted()
  const results = await Promise.all(
    files.map(async (file) => {
      const json = await readJson(join(directory, file))
      if (!Array.isArray(json)) return [{ name: file, passed: false, answer: undefined }]
      return json.map((each: unknown, number) => {
        const { name = `test ${number + 1}`, ...result } = runCedarTest(evaluate, each)
        return { name: `${file}: ${name}`, ...result }
      })
    }),
  )
  return results.flat()
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch {
    return undefined
  }
}
