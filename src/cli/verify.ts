import type { TransformName } from '../metadata/transforms.ts'
import type { InterferenceProof, TaintProof } from '../proof/prove.ts'
import { servingProfiles, type ServedSuite } from '../proof/serving-profiles.ts'
import { UsageError, type Command } from './command.ts'
import { expectPositionals, readOptions } from './options.ts'

export const verifyCommand: Command = {
  name: 'verify',
  summary: 'prove that nobody sees what the plans withhold',
  usage: `[--taint] [--interference] [--suite NAME …] [--policies POLICIES]
                       [--without TRANSFORM] [--json]

  --taint              a canary in every field of every operation: where does one turn up?
  --interference       two runs that differ in a withheld field: who sees which one it was?
  --suite NAME         a metadata suite; repeat it for more; all of them unless given
  --policies POLICIES  a profile, or a directory with *.cedar files; for each suite a profile that
                       serves it unless given
  --without TRANSFORM  take one transform of the gateway away, to see that it is missed
  --json               for machines

Both proofs unless one is named. Everything runs on loopback in a directory of its own; no
configuration is read and no running gateway is asked. Exit code 1 when anything is found.`,
  run: async (args, { clock, out }) => {
    const { values, positionals } = readOptions(args, {
      taint: { type: 'boolean', default: false },
      interference: { type: 'boolean', default: false },
      suite: { type: 'string', multiple: true },
      policies: { type: 'string' },
      without: { type: 'string' },
      json: { type: 'boolean', default: false },
    })
    expectPositionals(positionals, [])
    const both = !values.taint && !values.interference
    const suites = (values.suite ?? Object.keys(servingProfiles)).map((name) => knownSuite(name))
    const removed = await knownTransform(values.without)
    const { openProofGround } = await import('./proof-ground.ts')
    await using ground = await openProofGround(clock())
    const results: SuiteResult[] = []
    for (const suite of suites) {
      const policies = values.policies ?? servingProfiles[suite]
      const proven = { suite, policies, ...(removed !== undefined && { removed }) }
      const taint = both || values.taint ? await ground.taint(proven) : undefined
      const interference =
        both || values.interference ? await ground.interference(proven) : undefined
      const result = resultOf({ suite, policies, taint, interference })
      results.push(result)
      if (!values.json) out(`${linesOf(result).join('\n')}\n`)
    }
    const found = results.reduce((sum, { findings }) => sum + findings.length, 0)
    out(values.json ? `${JSON.stringify({ found, suites: results })}\n` : `${summary(found)}\n`)
    return found > 0 ? 1 : 0
  },
}

function knownSuite(name: string): ServedSuite {
  if (isServedSuite(name)) return name
  throw new UsageError(`expected --suite ${Object.keys(servingProfiles).join(' or ')}`)
}

function isServedSuite(name: string): name is ServedSuite {
  return Object.hasOwn(servingProfiles, name)
}

async function knownTransform(name: string | undefined): Promise<TransformName | undefined> {
  if (name === undefined) return undefined
  const { isTransformName, transforms } = await import('../metadata/transforms.ts')
  if (isTransformName(name)) return name
  throw new UsageError(`expected --without ${Object.keys(transforms).join(' or ')}`)
}

interface Proven {
  readonly suite: string
  readonly policies: string
  readonly taint: TaintProof | undefined
  readonly interference: InterferenceProof | undefined
}

/** One canary or difference where the plan has none. */
interface Finding {
  readonly proof: 'taint' | 'interference'
  /** What was played. */
  readonly during: string
  readonly fields: readonly string[]
  /** Who saw it: a provider, `journal`, `store`, `log`, … */
  readonly seenBy: string
  readonly detail: string
}

interface SuiteResult {
  readonly suite: string
  readonly policies: string
  /** Whether the policies serve the suite; where they do not, there were no rooms to look into. */
  readonly served: boolean
  readonly scenarios: number
  /** How often a canary was looked for somewhere. */
  readonly looked: number
  readonly pairs: number
  /** How often two views had to be the same. */
  readonly compared: number
  readonly findings: readonly Finding[]
}

function resultOf({ suite, policies, taint, interference }: Proven): SuiteResult {
  const { tainted = [] } = taint ?? {}
  const { compared = [] } = interference ?? {}
  const leaks = tainted.flatMap((one) => one.leaks)
  const differences = compared.flatMap((one) => one.differences)
  return {
    suite,
    policies,
    served: (taint ?? interference)?.served ?? false,
    scenarios: tainted.length,
    looked: tainted.reduce((sum, one) => sum + one.looked, 0),
    pairs: compared.length,
    compared: compared.reduce((sum, { sinks }) => sum + sinks.length, 0),
    findings: [
      ...leaks.map(({ scenario, place, fields, sink }): Finding => {
        return { proof: 'taint', during: scenario, fields, seenBy: sink, detail: place }
      }),
      ...differences.map(({ pair, field, sink, left, right }): Finding => {
        const detail = `${left} or ${right}`
        return { proof: 'interference', during: pair, fields: [field], seenBy: sink, detail }
      }),
    ],
  }
}

function linesOf(result: SuiteResult): readonly string[] {
  const { suite, policies, served, scenarios, looked, pairs, compared, findings } = result
  const unserved = served ? [] : ['  these policies do not serve it: there were no rooms of it']
  return [
    `${suite} under ${policies}`,
    ...unserved,
    ...(scenarios > 0 ? [`  taint: ${scenarios} scenarios, ${looked} looks`] : []),
    ...(pairs > 0 ? [`  interference: ${pairs} pairs, ${compared} views compared`] : []),
    ...findings.map(({ during, fields, seenBy, detail }) => {
      const what = fields.length === 0 ? 'what no field stands for' : fields.join(', ')
      return `  FOUND ${seenBy} sees ${what} (${during}): ${detail}`
    }),
  ]
}

function summary(found: number): string {
  return found === 0 ? 'nothing found' : `found: ${found}`
}
