import { GatewayError } from '../model/errors.ts'
import type { Config } from './config.ts'
import { PolicyError } from './policy-files.ts'
import { ConfigurationError, describeProblems } from './problems.ts'

export type ReloadOutcome =
  /** `restart` names what changed but needs a restart. */
  | { readonly outcome: 'applied'; readonly restart: string[] }
  /** What was in force stays in force. */
  | { readonly outcome: 'refused'; readonly problems: string[] }

/**
 * Reads the configuration again and applies it, all or nothing. `apply` returns what needs a restart
 * (`needsRestart`) and throws `GatewayError` before it changed anything.
 */
export async function reloadConfig(
  readConfig: () => Promise<Config>,
  apply: (config: Config) => Promise<readonly string[]>,
): Promise<ReloadOutcome> {
  try {
    return { outcome: 'applied', restart: [...(await apply(await readConfig()))] }
  } catch (error) {
    if (error instanceof ConfigurationError)
      return { outcome: 'refused', problems: [...describeProblems(error)] }
    if (error instanceof PolicyError) return { outcome: 'refused', problems: [...error.problems] }
    if (error instanceof GatewayError) return { outcome: 'refused', problems: [error.code] }
    throw error
  }
}
