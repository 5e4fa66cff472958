import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export interface GatewayProcessOptions {
  readonly domain: string
  /** Its postern.yaml. */
  readonly configFile: string
  /** For its log. */
  readonly directory: string
}

/** Where a gateway listens: the system chose the ports, and the gateway says which. */
export interface GatewayAddresses {
  /** `https://host:port`, for other providers. */
  readonly peers: string
  /** For its own delivery service and apps. */
  readonly internal: string
  /** The local client API of its delivery service. */
  readonly clients: string
  readonly admin: string
  /** Where its users ask for tokens; undefined where it issues none. */
  readonly tokens: string | undefined
}

/** One provider's gateway, with its delivery service inside, in a process of its own. */
export class GatewayProcess implements AsyncDisposable {
  readonly domain: string
  private readonly options: GatewayProcessOptions
  private readonly child: ChildProcess
  private printed = ''

  constructor(options: GatewayProcessOptions) {
    this.domain = options.domain
    this.options = options
    const log = openSync(logFile(options), 'a', 0o600)
    this.child = spawn(
      process.execPath,
      ['--import', './src/telemetry.ts', 'src/main.ts', 'serve', '--config', options.configFile],
      { cwd: REPOSITORY, stdio: ['ignore', 'pipe', log], env: childEnvironment() },
    )
    closeSync(log)
    this.child.stdout?.on('data', (chunk: Buffer) => (this.printed += chunk.toString()))
    // A child that cannot be started says so on exit; without a listener it would end the demo.
    this.child.on('error', () => {})
    process.once('exit', this.kill)
  }

  get pid(): number | undefined {
    return this.child.pid
  }

  /** Resolves when it has said where it listens and /readyz says so. Throws with the end of its log. */
  async ready(signal: AbortSignal): Promise<GatewayAddresses> {
    const untilMs = Date.now() + READY_MS
    while (Date.now() < untilMs && !this.hasEnded) {
      signal.throwIfAborted()
      const addresses = addressesIn(this.printed)
      if (addresses !== undefined && (await isReady(`${addresses.admin}/readyz`))) return addresses
      await sleep(POLL_MS, undefined, { signal })
    }
    throw new Error(`${this.domain} did not get ready\n${await this.logTail()}`)
  }

  /** The last lines of its log; empty where it had nothing to warn of. */
  async logTail(): Promise<string> {
    const text = await readFile(logFile(this.options), 'utf8').catch(() => '')
    return text.trimEnd().split('\n').slice(-LOG_LINES).join('\n')
  }

  /** Lets it finish what it has begun; kills it where that takes too long. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.hasEnded) {
      const ended = once(this.child, 'exit')
      this.child.kill('SIGTERM')
      const timer = setTimeout(this.kill, STOP_MS)
      await ended
      clearTimeout(timer)
    }
    process.off('exit', this.kill)
  }

  private get hasEnded(): boolean {
    const { exitCode, signalCode, pid } = this.child
    return pid === undefined || exitCode !== null || signalCode !== null
  }

  private readonly kill = (): void => {
    this.child.kill('SIGKILL')
  }
}

/** From what `serve` prints once it serves. */
function addressesIn(greeting: string): GatewayAddresses | undefined {
  const urlOf = (label: string) =>
    new RegExp(`${label} +(https?://[\\d.]+:\\d+)`).exec(greeting)?.[1]
  const [peers, internal, clients, admin] = LABELS.map(urlOf)
  if (peers === undefined || internal === undefined) return undefined
  if (clients === undefined || admin === undefined) return undefined
  return { peers, internal, clients, admin, tokens: urlOf('tokens') }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_MS) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}

function logFile({ directory, domain }: GatewayProcessOptions): string {
  return join(directory, `${domain}.log`)
}

/** Settings of the caller's own gateway must not reach these. */
function childEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !name.startsWith('POSTERN_') && !name.startsWith('OTEL_') && name !== 'NODE_OPTIONS',
  )
  return Object.fromEntries(kept)
}

/** The root of the repository. */
export const REPOSITORY = fileURLToPath(new URL('..', import.meta.url))
const LABELS = ['other providers', 'delivery service', 'local clients', 'operator']
const READY_MS = 30_000
const POLL_MS = 50
const PROBE_MS = 2_000
const STOP_MS = 8_000
const LOG_LINES = 12
