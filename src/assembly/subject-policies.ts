import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../model/clock.ts'
import { inspectApart } from '../policy/load-apart.ts'
import {
  loadedOrThrow,
  loadPolicies,
  type LoadedPolicies,
  type PolicySubject,
} from '../policy/load.ts'
import { PolicyError, problemsOf, readPolicyFiles } from '../settings/policy-files.ts'

/**
 * The policies about a subject beside metadata: the ones that come with this program, which are known to
 * be good, or an operator's, which are read where they can do no harm. Throws `policy-invalid`.
 */
export async function readSubjectPolicies(
  subject: Exclude<PolicySubject, 'gateway'>,
  directory: string | undefined,
  clock: Clock,
): Promise<LoadedPolicies> {
  if (directory === undefined)
    return loadPolicies(await readFile(ownPolicies(subject), 'utf8'), clock(), subject)
  const files = await readPolicyFiles(directory)
  const input = { bytes: files.bytes, invariants: [], subject }
  const inspection = await inspectApart(input, { nowMs: clock() })
  if (inspection.kind === 'valid') return loadedOrThrow(inspection)
  throw new PolicyError(
    problemsOf(files, inspection.findings).map(
      ({ file, line, fault, explanation }) => `${file}:${line}: ${fault}: ${explanation}`,
    ),
  )
}

function ownPolicies(subject: string): string {
  return fileURLToPath(new URL(`../../policies/${subject}/policies.cedar`, import.meta.url))
}
