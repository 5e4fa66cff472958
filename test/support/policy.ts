import { readFileSync } from 'node:fs'
import { builtInSuites } from '../../src/metadata/suites.ts'
import type { Suite } from '../../src/metadata/suite.ts'
import { compiledEngine } from '../../src/policy/compiled-engine.ts'
import type { PolicyEngine } from '../../src/policy/engine.ts'
import { loadPolicies } from '../../src/policy/load.ts'
import type { PolicyRoom } from '../../src/policy/slices.ts'
import type { PeerFacts } from '../../src/policy/vocabulary.ts'
import { declarations } from '../../src/protocols/mimi/declarations.ts'

export type ProfileName = 'consumer' | 'enterprise' | 'trust-and-safety'

/** The engine of a profile that we ship. */
export function profileEngine(profile: ProfileName): PolicyEngine {
  return engineOf(readFileSync(`policies/profiles/${profile}/policies.cedar`, 'utf8'))
}

export function engineOf(text: string): PolicyEngine {
  return compiledEngine(loadPolicies(text))
}

/** A policy text of one permit for everything. */
export const permitAll = '@id("all") @reason("a test") permit (principal, action, resource);'

export function peerFacts(facts: Partial<PeerFacts> = {}): PeerFacts {
  return {
    id: 'b.example',
    class: 'federated',
    region: 'EU',
    agreement: true,
    verified: true,
    groups: [],
    ...facts,
  }
}

export function policyRoom(
  suite: string | Suite = 'moderated-pseudonyms',
  facts: Partial<PolicyRoom> = {},
): PolicyRoom {
  const found = typeof suite === 'string' ? builtInSuites(declarations).suiteByName(suite) : suite
  if (found === undefined) throw new Error('no such suite')
  return {
    id: 'mimi://a.example/r/clubhouse',
    suite: found,
    profile: 'consumer',
    region: 'EU',
    tenant: 'default',
    ...facts,
  }
}
