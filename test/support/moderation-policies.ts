import { readFileSync } from 'node:fs'
import { loadPolicies, type LoadedPolicies } from '../../src/policy/load.ts'

/** The policies about moderators that we ship. */
export function moderationPolicies(): LoadedPolicies {
  const text = readFileSync('policies/moderation/policies.cedar', 'utf8')
  return loadPolicies(text, 0, 'moderation')
}
