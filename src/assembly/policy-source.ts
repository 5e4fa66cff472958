import type { EventJournal } from '../audit/journal.ts'
import { createHash } from 'node:crypto'
import type { Clock } from '../model/clock.ts'
import { compiledEngine } from '../policy/compiled-engine.ts'
import { inspectApart, type PolicyInput } from '../policy/load-apart.ts'
import { loadedOrThrow } from '../policy/load.ts'
import type { PolicySet } from '../policy/policy-holder.ts'
import type { Config, PolicySource } from '../settings/config.ts'
import { safeId, safeWord } from '../signals/log-safe.ts'
import type { Log } from '../signals/log.ts'
import { profileDirectory, readPolicyFiles } from '../settings/policy-files.ts'

/** The policies of a configuration, and those that it wants beside them. */
export interface PolicySets {
  readonly set: PolicySet
  readonly shadow: PolicySet | undefined
}

/** For log and journal: other policies are in force now. */
export function policiesChanged(
  {
    log,
    journal,
    clock,
  }: { readonly log: Log; readonly journal: EventJournal; readonly clock: Clock },
  outcome: 'loaded' | 'rolled-back',
  { engine, bundle, policies }: PolicySet,
): void {
  log.info('policies.changed', {
    change: safeWord(outcome),
    revision: safeId(engine.revision),
    policies,
    bundle,
  })
  journal.record({
    schema: 1,
    kind: 'policy.changed',
    atMs: clock(),
    requestId: engine.revision,
    operation: '',
    direction: '',
    peer: '',
    suite: '',
    outcome,
    policies: [],
    fields: {},
  })
}

/** Those that are `known` are not verified again. Throws `policy-invalid`, `configuration-invalid`. */
export async function readPolicySets(
  { policies, shadowPolicies }: Pick<Config, 'policies' | 'shadowPolicies'>,
  clock: Clock,
  known: readonly PolicySet[] = [],
): Promise<PolicySets> {
  return {
    set: await readPolicySet(policies, clock, known),
    shadow: shadowPolicies && (await readPolicySet(shadowPolicies, clock, known)),
  }
}

/**
 * The policies of a profile of this repository, or of all `*.cedar` files of the operator's directory in
 * the order of their names; each of its invariants holds. Throws `policy-invalid`,
 * `configuration-invalid`.
 */
export async function readPolicySet(
  source: PolicySource,
  clock: Clock,
  known: readonly PolicySet[] = [],
): Promise<PolicySet> {
  const path = source.kind === 'profile' ? profileDirectory(source.name) : source.path
  const files = await readPolicyFiles(path)
  const digest = inputDigest(files)
  const found = known.find((set) => set.digest === digest)
  if (found !== undefined) return found
  const loaded = loadedOrThrow(await inspectApart(files))
  return {
    engine: compiledEngine(loaded),
    digest,
    policies: loaded.policies.length,
    bundle: undefined,
    loadedAtMs: clock(),
  }
}

function inputDigest({ bytes, invariants }: PolicyInput): string {
  return createHash('sha256')
    .update(JSON.stringify(invariants))
    .update('\0')
    .update(bytes)
    .digest('hex')
}
