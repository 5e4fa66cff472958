import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Provider } from './federation.ts'

/** `postern serve` as a process of its own, in the place of a provider that was stopped. */
export class GatewayProcess implements AsyncDisposable {
  private readonly provider: Provider
  private readonly file: string
  private readonly output: Buffer[] = []
  private child: ChildProcess | undefined

  constructor(provider: Provider) {
    this.provider = provider
    this.file = join(provider.directory, 'postern.yaml')
  }

  /** Everything that it has written on standard error. */
  get errors(): string {
    return Buffer.concat(this.output).toString()
  }

  /** Writes its postern.yaml, with these keys instead of the provider's own. */
  async configure(changes: object = {}): Promise<void> {
    const written = JSON.parse(this.provider.text) as object
    const { directory: dataDirectory } = this.provider
    await writeFile(this.file, JSON.stringify({ ...written, dataDirectory, ...changes }))
  }

  /** Resolves when it is ready; throws with what it wrote where it ends before, or takes too long. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [MAIN, 'serve', '--config', this.file], {
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    child.stderr.on('data', (chunk: Buffer) => this.output.push(chunk))
    this.child = child
    const deadline = Date.now() + START_MS_MAX
    while (!(await this.isReady())) {
      if (Date.now() > deadline) throw new Error(`not ready in time: ${this.errors}`)
      const end = child.exitCode ?? child.signalCode
      if (end !== null) throw new Error(`ended with ${end}: ${this.errors}`)
      await delay(20)
    }
  }

  signal(name: NodeJS.Signals): void {
    this.child?.kill(name)
  }

  /** Resolves to its exit code, null after a signal. */
  async end(name: NodeJS.Signals): Promise<number | null> {
    const { child } = this
    if (child === undefined || (child.exitCode ?? child.signalCode) !== null)
      return child?.exitCode ?? null
    const ended = once(child, 'exit')
    child.kill(name)
    await ended
    return child.exitCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL')
  }

  private async isReady(): Promise<boolean> {
    const { host, port } = this.provider.config().listeners.admin
    try {
      return (await fetch(`http://${host}:${port}/readyz`)).ok
    } catch {
      return false
    }
  }
}

const START_MS_MAX = 30_000
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
