import { readFileSync } from 'node:fs'
import { loadPolicies, type LoadedPolicies } from '../../src/policy/load.ts'

/** The policies about where reports go that we ship. */
export function routingPolicies(): LoadedPolicies {
  const text = readFileSync('policies/routing/policies.cedar', 'utf8')
  return loadPolicies(text, 0, 'routing')
}
