import type { Clock } from '../model/clock.ts'
import type { Config } from '../settings/config.ts'

/** 0: done. 1: failed, or the answer is no. 2: wrong usage or malformed input. */
export type ExitCode = 0 | 1 | 2

/** All that a command may touch. */
export interface CommandEnvironment {
  readonly clock: Clock
  readonly version: string
  readonly stdin: AsyncIterable<Uint8Array>
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Throws `ConfigurationError`. */
  readonly loadConfig: (path: string | undefined) => Promise<Config>
  /** Where the control socket of that configuration is; creates nothing. */
  readonly controlSocket: (path: string | undefined) => Promise<string>
  /** Runs until the process is told to stop. */
  readonly serve: (path: string | undefined) => Promise<ExitCode>
}

export interface Command {
  /** One or two words. */
  readonly name: string
  readonly summary: string
  /** All lines of `--help`, without the name's own. */
  readonly usage: string
  run(args: readonly string[], environment: CommandEnvironment): Promise<ExitCode>
}

/** The command line does not make sense; `message` says what would. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
