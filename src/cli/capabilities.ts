import {
  capabilities,
  capabilityById,
  type Capability,
  type Need,
} from '../metadata/capabilities.ts'
import { leastExposing, servedBy } from '../metadata/capability-search.ts'
import { builtInSuites, type Suites } from '../metadata/suites.ts'
import { UsageError, type Command } from './command.ts'
import { expectPositionals, readOptions } from './options.ts'

/** Which moderation a suite allows, and which suite wanted moderation takes. */
export const capabilitiesCommand: Command = {
  name: 'capabilities',
  summary: 'show which moderation needs which metadata',
  usage: `[--suite NAME | --want ID,ID,…] [--json]

  --suite NAME  what can be moderated under this suite, and what is missing for the rest
  --want IDS    the least exposing suites that serve all of these, and the forms that they take
  --json        for machines

Without options: all capabilities with what they need.`,
  run: async (args, { out }) => {
    const { values, positionals } = readOptions(args, {
      suite: { type: 'string' },
      want: { type: 'string' },
      json: { type: 'boolean', default: false },
    })
    expectPositionals(positionals, [])
    if (values.suite !== undefined && values.want !== undefined)
      throw new UsageError('expected --suite or --want, not both')
    const { declarations } = await import('../protocols/mimi/declarations.ts')
    const { document, lines } = answer(builtInSuites(declarations), values)
    out(values.json ? `${JSON.stringify(document)}\n` : `${lines.join('\n')}\n`)
    return 0
  },
}

interface Answer {
  readonly document: object
  readonly lines: readonly string[]
}

interface Asked {
  readonly suite?: string | undefined
  readonly want?: string | undefined
}

function answer(suites: Suites, asked: Asked): Answer {
  if (asked.suite !== undefined) return ofSuite(suites, asked.suite)
  if (asked.want !== undefined) return ofWish(suites, asked.want)
  return {
    document: { capabilities },
    lines: capabilities.flatMap((capability) => [
      `${capability.id}  ${capability.title}`,
      ...capability.needs.map((need) => `    ${needText(need)}`),
    ]),
  }
}

function ofSuite(suites: Suites, name: string): Answer {
  const suite = suites.suiteByName(name)
  if (suite === undefined)
    throw new UsageError(`expected a suite: ${suites.all.map((one) => one.name).join(', ')}`)
  const served = servedBy(suite)
  return {
    document: {
      suite: suite.name,
      served: served.map(({ capability, ...rest }) => ({ capability: capability.id, ...rest })),
    },
    lines: served.flatMap((one) => [
      `${one.kind.padEnd(10)}  ${one.capability.id.padEnd(28)}  ${one.capability.title}`,
      ...(one.kind === 'missing'
        ? one.missing.map(
            (need) => `${''.padEnd(12)}needs ${needText(need)}, shows at most ${need.ceiling}`,
          )
        : []),
    ]),
  }
}

function ofWish(suites: Suites, ids: string): Answer {
  const wanted = ids.split(',').map(known)
  const least = leastExposing(wanted, suites.all)
  const suitesFound = least.candidates.map(({ suite, kind, excess }) => ({
    suite: suite.name,
    kind,
    excess,
  }))
  return {
    document: { suites: suitesFound, needs: least.needs },
    lines: [
      suitesFound.length === 0 ? 'no built-in suite serves all of these' : 'least exposing first:',
      ...suitesFound.map(
        ({ suite, kind, excess }) => `    ${suite.padEnd(22)}${kind.padEnd(12)}excess ${excess}`,
      ),
      'what they need:',
      ...least.needs.map((need) => `    ${needText(need)}`),
    ],
  }
}

function known(id: string): Capability {
  const capability = capabilityById(id.trim())
  if (capability !== undefined) return capability
  throw new UsageError(`expected capabilities: ${capabilities.map((one) => one.id).join(', ')}`)
}

function needText({ field, audience, form }: Need): string {
  return `${field} for the ${audience}: ${form}`
}
