import { isDeepStrictEqual } from 'node:util'
import type { Config } from './config.ts'

/**
 * What differs between two configurations and cannot be changed while we run, by its path. Peers,
 * policies, suites, rates, costs, the log level and renewed certificates take effect on reload.
 */
export function needsRestart(before: Config, after: Config): readonly string[] {
  return fixed.filter((path) => !isDeepStrictEqual(at(before, path), at(after, path)))
}

function at(config: Config, path: string): unknown {
  let value: unknown = config
  for (const key of path.split('.'))
    value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
  return value
}

const fixed = [
  'provider',
  'dataDirectory',
  'keysDirectory',
  'listeners.peers.host',
  'listeners.peers.port',
  'listeners.internal',
  'listeners.admin',
  'listeners.tokens',
  'upstream',
  'assetAuthorities',
  'ds',
  'issuer',
  'privateSuites',
  'attested',
  'rooms',
  'routingPolicies',
  'moderation.policies',
  'decisionLog',
  'limits',
  'spentTokens',
  'experimental',
  'limiterStore',
  'telemetry',
] as const
