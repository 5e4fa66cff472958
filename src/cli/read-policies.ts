import type { Clock } from '../model/clock.ts'
import { inspectApart } from '../policy/load-apart.ts'
import { loadedOrThrow, type LoadedPolicies } from '../policy/load.ts'
import { problemsOf, profileDirectory, readPolicyFiles } from '../settings/policy-files.ts'
import { policyProfiles } from '../settings/schema.ts'

export interface PolicyProblem {
  readonly fault: string
  readonly file: string
  readonly line: number
  readonly explanation: string
}

export type PolicyReading =
  | { readonly kind: 'valid'; readonly loaded: LoadedPolicies }
  | { readonly kind: 'invalid'; readonly problems: readonly PolicyProblem[] }

/** Policies by the name of a profile, a file or a directory, with every finding. Throws `policy-invalid`. */
export async function inspectPolicyArgument(
  argument: string,
  clock: Clock,
): Promise<PolicyReading> {
  const files = await readPolicyFiles(pathOf(argument))
  const inspection = await inspectApart(files, { nowMs: clock() })
  if (inspection.kind === 'valid') return inspection
  return { kind: 'invalid', problems: problemsOf(files, inspection.findings) }
}

/**
 * As `inspectPolicyArgument`, for commands that need policies to go on, whether invariants hold or not.
 * Throws `policy-invalid`.
 */
export async function readPolicyArgument(argument: string, clock: Clock): Promise<LoadedPolicies> {
  const { bytes } = await readPolicyFiles(pathOf(argument))
  return loadedOrThrow(await inspectApart({ bytes, invariants: [] }, { nowMs: clock() }))
}

/** The directory or file of an argument: profiles go before files of their names. */
export function pathOf(argument: string): string {
  return policyProfiles.some((name) => name === argument) ? profileDirectory(argument) : argument
}
