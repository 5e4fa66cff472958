import { compiledEngine } from '../policy/compiled-engine.ts'
import type { PolicyEngine } from '../policy/engine.ts'
import { inspectApart } from '../policy/load-apart.ts'
import { loadedOrThrow } from '../policy/load.ts'
import type { PolicySource } from '../settings/config.ts'
import { profileDirectory, readPolicyFiles } from '../settings/policy-files.ts'

/**
 * The engine of a profile of this repository, or of all `*.cedar` files of the operator's directory in
 * the order of their names; each of its invariants holds. Throws `policy-invalid`,
 * `configuration-invalid`.
 */
export async function readPolicyEngine(source: PolicySource): Promise<PolicyEngine> {
  const path = source.kind === 'profile' ? profileDirectory(source.name) : source.path
  return compiledEngine(loadedOrThrow(await inspectApart(await readPolicyFiles(path))))
}
