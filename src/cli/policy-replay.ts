import { resolve } from 'node:path'
import type { ReplayView } from '../admin/policy-api.ts'
import { policyProfiles } from '../settings/schema.ts'
import type { Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { controlOptions, expectPositionals, readOptions } from './options.ts'

export const policySimulateCommand: Command = {
  name: 'policy simulate',
  summary: 'say what other policies would have made of the requests so far',
  usage: `POLICIES [--json] [--config FILE | --socket PATH]

  POLICIES  a profile, a file, or a directory with *.cedar files that the running server can read

Every request since the policies in force took effect is counted; nothing changes. Exit code 1 when some
of them would have shown more.`,
  run: async (args, environment) => {
    const { values, positionals } = readOptions(args, controlOptions)
    expectPositionals(positionals, ['POLICIES'])
    const [policies = ''] = positionals
    const isProfile = policyProfiles.some((name) => name === policies)
    await using client = await connectControl(values, environment)
    const replay = await client.policies.simulate(isProfile ? policies : resolve(policies))
    environment.out(replayText(replay, values.json))
    return replay.more + replay.served > 0 ? 1 : 0
  },
}

export const policyShadowCommand: Command = {
  name: 'policy shadow',
  summary: 'compare the shadow policies with those in force, on the requests so far',
  usage: `[--json] [--config FILE | --socket PATH]

The policies that \`shadowPolicies\` in postern.yaml names. Exit code 1 when some requests would have
shown more.`,
  run: async (args, environment) => {
    const { values, positionals } = readOptions(args, controlOptions)
    expectPositionals(positionals, [])
    await using client = await connectControl(values, environment)
    const replay = await client.policies.shadow()
    environment.out(replayText(replay, values.json))
    return replay.more + replay.served > 0 ? 1 : 0
  },
}

function replayText(replay: ReplayView, json: boolean): string {
  if (json) return `${JSON.stringify(replay)}\n`
  const { revision, requests, more, less, refused, served, changes } = replay
  const lines = changes.map(
    ({ operation, peerClass, audience, field, before, after, requests: times, policies }) =>
      `  ${times} x ${operation}, ${peerClass}${audience === undefined ? '' : `, for ${audience}`}: ${field} ${before} -> ${after}  (${policies.join(', ') || 'no policy'})`,
  )
  const head = [
    `policies ${revision.slice(0, 12)} on ${requests} decisions so far`,
    `more shown ${more}, less shown ${less}, refused ${refused}, served instead of refused ${served}`,
  ]
  return `${[...head, ...lines].join('\n')}\n`
}
