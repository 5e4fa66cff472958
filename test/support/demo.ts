import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { DemoResult } from '../../demo/run.ts'
import type { Row } from '../../demo/who-saw-what.ts'

export const demoDurationMsMax = 60_000

/** The whole demo, as a machine would run it. Throws for any exit code but 0. */
export async function runDemoAsJson(...args: readonly string[]): Promise<DemoResult> {
  const command = promisify(execFile)('npm', ['run', '-s', 'demo', '--', '--json', ...args], {
    timeout: 2 * demoDurationMsMax,
    maxBuffer: 16 * 1_024 * 1_024,
  })
  return JSON.parse((await command).stdout) as DemoResult
}

/** A row but its form, as one line. */
export function rowName({ suite, operation, observer, role, field, of }: Row): string {
  const name = of === undefined ? field : `${field} (${of})`
  return [suite, operation, `${observer} ${role}`, name].join(' | ')
}
