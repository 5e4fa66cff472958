import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { createDevelopmentCertificates } from '../../src/cli/development-certificates.ts'
import { tempDir } from './temp-dir.ts'

/** `postern serve` as a process of its own. */
export interface ServeProcess {
  readonly child: ChildProcess
  /** Where its postern.yaml is. */
  readonly directory: string
  /** What it has printed. */
  stdout(): string
  stderr(): string
  /** Resolves to the whole of the stream once it contains `text`. */
  printed(stream: 'stdout' | 'stderr', text: string): Promise<string>
  /** Sends a signal and resolves to the exit code. */
  stop(signal: NodeJS.Signals): Promise<number | null>
}

/** A directory with a configuration of a.example on ports that the system chooses. */
export async function writeConfiguration(more: object = {}): Promise<string> {
  const directory = tempDir()
  await createDevelopmentCertificates({
    directory: join(directory, 'certs'),
    domains: ['a.example'],
    now: Date.now(),
  })
  const files = {
    certificate: 'certs/a.example.pem',
    key: 'certs/a.example.key',
    ca: 'certs/ca.pem',
  }
  const peers = { host: '127.0.0.1', port: 0, ...files }
  const listeners = { peers, internal: { port: 0 }, admin: { port: 0 } }
  const configuration = { provider: 'a.example', listeners, ds: { port: 0 }, ...more }
  writeFileSync(join(directory, 'postern.yaml'), JSON.stringify(configuration))
  return directory
}

/** Starts it in `directory`; it is killed when the test ends. */
export function startServe(directory: string): ServeProcess {
  const child = spawn(process.execPath, [MAIN, 'serve'], {
    cwd: directory,
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const text = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (text.stderr += chunk.toString()))
  const closed = once(child, 'close')
  return {
    child,
    directory,
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    printed: async (stream, wanted) => {
      while (!text[stream].includes(wanted)) {
        const ended = await Promise.race([once(child[stream], 'data'), closed.then(() => 'ended')])
        if (ended === 'ended' && !text[stream].includes(wanted))
          throw new Error(`it ended without printing it: ${text.stderr}`)
      }
      return text[stream]
    },
    stop: async (signal) => {
      child.kill(signal)
      await closed
      return child.exitCode
    },
  }
}

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
