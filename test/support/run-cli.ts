import { spawn } from 'node:child_process'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { runCommandLine } from '../../src/cli/command-line.ts'
import { controlSocketPath, loadConfig } from '../../src/config.ts'

export interface CliResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CliOptions {
  readonly input?: Uint8Array
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Runs `postern <args>` in this process. */
export async function runCli(
  args: readonly string[],
  { env = {}, input = Buffer.alloc(0) }: Omit<CliOptions, 'cwd'> = {},
): Promise<CliResult> {
  let stdout = ''
  let stderr = ''
  const exitCode = await runCommandLine(args, {
    clock: () => Date.now(),
    version: '1.2.3',
    stdin: Readable.from([input]),
    out: (text) => (stdout += text),
    err: (text) => (stderr += text),
    loadConfig: (path) => loadConfig({ path, env }),
    controlSocket: (path) => controlSocketPath({ path, env }),
    serve: () => Promise.resolve(0),
  })
  return { exitCode, stdout, stderr }
}

/** Runs `postern <args>` as a process of its own, as people do. */
export function spawnCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { input, cwd, env } = options
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
    stdio: 'pipe',
  })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode) =>
      resolve({
        exitCode,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      }),
    )
  })
}

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
