import type { EventJournal } from '../audit/journal.ts'
import { createHash } from 'node:crypto'
import type { Clock } from '../model/clock.ts'
import type { VerificationKey } from '../metadata/requirements/document.ts'
import { verifyBundle } from '../policy/bundle.ts'
import type { BundleLedger } from '../policy/bundle-ledger.ts'
import { compiledEngine } from '../policy/compiled-engine.ts'
import { inspectApart, type PolicyInput } from '../policy/load-apart.ts'
import type { PolicyFinding } from '../policy/load.ts'
import { hasExpired, type PolicySet } from '../policy/policy-holder.ts'
import type { Config, PolicySource } from '../settings/config.ts'
import { safeId, safeWord } from '../signals/log-safe.ts'
import type { Log } from '../signals/log.ts'
import {
  PolicyError,
  problemsOf,
  profileDirectory,
  readPolicyFiles,
  type PolicyFiles,
} from '../settings/policy-files.ts'

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

/** What policies are read with. */
export interface PolicyReading {
  readonly clock: Clock
  readonly ledger: BundleLedger
  /** Sets that need not be verified again. */
  readonly known?: readonly PolicySet[]
}

/**
 * Where the configuration has keys, the policies must be signed by one of them, with a revision that no
 * newer one has replaced; what stands beside them decides nothing and need not. Throws
 * `policy-invalid`, `configuration-invalid`.
 */
export async function readPolicySets(
  { policies, policyKeys, shadowPolicies }: PolicyConfig,
  { clock, ledger, known = [] }: PolicyReading,
): Promise<PolicySets> {
  const set = await readPolicySet(policies, { clock, known, keys: policyKeys })
  const shadow = shadowPolicies && (await readPolicySet(shadowPolicies, { clock, known }))
  const { bundle: revision, digest } = set
  if (revision !== undefined) await ledger.accept({ revision, digest }, clock())
  return { set, shadow }
}

type PolicyConfig = Pick<Config, 'policies' | 'policyKeys' | 'shadowPolicies'>

interface SetReading {
  readonly clock: Clock
  readonly known?: readonly PolicySet[]
  readonly keys?: readonly VerificationKey[]
}

/**
 * The policies of a profile of this repository, or of all `*.cedar` files of the operator's directory in
 * the order of their names; each of its invariants holds. Throws `policy-invalid`,
 * `configuration-invalid`.
 */
export async function readPolicySet(
  source: PolicySource,
  { clock, known = [], keys = [] }: SetReading,
): Promise<PolicySet> {
  const path = source.kind === 'profile' ? profileDirectory(source.name) : source.path
  const files = await readPolicyFiles(path)
  const bundle = keys.length === 0 ? undefined : verifyBundle(files, keys).revision
  const digest = inputDigest(files)
  const nowMs = clock()
  const found = known.find((set) => set.digest === digest && set.bundle === bundle)
  if (found !== undefined && !hasExpired(found, nowMs)) return found
  const inspection = await inspectApart(files, { nowMs })
  if (inspection.kind === 'invalid') throw new PolicyError(linesOf(files, inspection.findings))
  const { loaded } = inspection
  return {
    engine: compiledEngine(loaded, clock),
    digest,
    policies: loaded.policies.length,
    bundle,
    loadedAtMs: nowMs,
    expiriesMs: loaded.policies
      .flatMap(({ expiresAtMs }) => expiresAtMs ?? [])
      .toSorted((a, b) => a - b),
  }
}

function linesOf(files: PolicyFiles, findings: readonly PolicyFinding[]): readonly string[] {
  return problemsOf(files, findings).map(
    ({ file, line, fault, explanation }) => `${file}:${line}: ${fault}: ${explanation}`,
  )
}

function inputDigest({ bytes, invariants }: PolicyInput): string {
  return createHash('sha256')
    .update(JSON.stringify(invariants))
    .update('\0')
    .update(bytes)
    .digest('hex')
}
