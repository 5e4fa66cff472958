import type { PolicySetView, PolicyStatus } from '../admin/policy-api.ts'
import { UsageError, type Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { controlOptions, expectPositionals, readOptions } from './options.ts'
import { utc } from './requirements-input.ts'

export const policyStatusCommand: Command = {
  name: 'policy status',
  summary: 'show the policies in force, and those that can come back',
  usage: '[--json] [--config FILE | --socket PATH]',
  run: async (args, environment) => {
    const { values, positionals } = readOptions(args, controlOptions)
    expectPositionals(positionals, [])
    await using client = await connectControl(values, environment)
    environment.out(statusText(await client.policies.status(), values.json))
    return 0
  },
}

export const policyRollbackCommand: Command = {
  name: 'policy rollback',
  summary: 'put policies in force again that were in force before',
  usage: `[REVISION] [--json] [--config FILE | --socket PATH]

  REVISION  at least six characters of it; without one, the set that was in force before

At once, for requests that begin from now on. The next reload reads the files again.`,
  run: async (args, environment) => {
    const { values, positionals } = readOptions(args, controlOptions)
    const [revision] = positionals
    if (positionals.length > 1 || (revision !== undefined && !/^[0-9a-f]{6,64}$/.test(revision)))
      throw new UsageError('expected at most one REVISION')
    await using client = await connectControl(values, environment)
    environment.out(statusText(await client.policies.rollback(revision), values.json))
    return 0
  },
}

function statusText(status: PolicyStatus, json: boolean): string {
  if (json) return `${JSON.stringify(status)}\n`
  const { sets, shadow } = status
  const lines = sets.map((set, at) => `${at === 0 ? 'in force' : 'before'}  ${setText(set)}\n`)
  return [...lines, ...(shadow === undefined ? [] : [`shadow  ${setText(shadow)}\n`])].join('')
}

function setText({ revision, bundle, policies, loadedAtMs }: PolicySetView): string {
  const signed = bundle === undefined ? '' : `, bundle ${bundle}`
  return `${revision.slice(0, 12)}  ${policies} policies${signed}, since ${utc(loadedAtMs)}`
}
