import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { runCommandLine } from './cli/command-line.ts'
import type { CommandEnvironment, ExitCode } from './cli/command.ts'
import { greeting } from './cli/greeting.ts'
import { stopSignals } from './cli/stop-signals.ts'
import { controlSocketPath, loadConfig } from './config.ts'
import type { Gateway } from './gateway.ts'
import { GatewayError } from './model/errors.ts'
import type { Config } from './settings/config.ts'
import { reloadConfig } from './settings/reload.ts'
import { openLogFile } from './signals/log-file.ts'
import { createLog, type Log } from './signals/log.ts'

const { env } = process
const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')))

const environment: CommandEnvironment = {
  clock: () => Date.now(),
  version,
  stdin: process.stdin,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  loadConfig: (path) => loadConfig({ path, env }),
  controlSocket: (path) => controlSocketPath({ path, env }),
  serve,
}

// A reader that went away (`postern decode … | head`) is no fault of ours.
process.stdout.on('error', () => {})
process.exitCode = await runCommandLine(process.argv.slice(2), environment)

async function serve(path: string | undefined): Promise<ExitCode> {
  const readConfig = () => loadConfig({ path, env })
  const config = await readConfig()
  using logFile = openLogFile(process.stderr.fd)
  const log = createLog(config.log.level, logFile)
  const { startTracing, stopTelemetry } = await import('./telemetry.ts')
  await startTracing(config.telemetry)
  using stop = stopSignals((fault) => log.fault('process.failed', fault))
  try {
    const { startGateway } = await import('./gateway.ts')
    await using gateway = await startGateway(config, log, { readConfig, version })
    const { provider, file } = config
    environment.out(
      greeting({ version, provider, urls: gateway.urls, embedded: file === undefined }),
    )
    const onHangup = () => void reload({ gateway, readConfig, log })
    process.on('SIGHUP', onHangup)
    const exitCode = await stop.asked
    process.off('SIGHUP', onHangup)
    const { drainMs } = config.limits
    log.info('gateway.draining', { drainMs })
    await gateway.drain(AbortSignal.any([stop.again, AbortSignal.timeout(drainMs)]))
    return exitCode
  } catch (error) {
    const explanation = explainStart(error)
    if (explanation === undefined) throw error
    log.fault('gateway.failed', error)
    environment.err(`${explanation}\n`)
    return 1
  } finally {
    log.info('gateway.stopped')
    await stopTelemetry()
  }
}

interface Reload {
  readonly gateway: Gateway
  readonly readConfig: () => Promise<Config>
  readonly log: Log
}

async function reload({ gateway, readConfig, log }: Reload): Promise<void> {
  try {
    const result = await reloadConfig(readConfig, (config) => gateway.reload(config))
    if (result.outcome === 'applied')
      return log.info('configuration.applied', { needRestart: result.restart.length })
    log.warn('configuration.refused', { problems: result.problems.length })
    environment.err(`${result.problems.join('\n')}\n`)
  } catch (error) {
    log.fault('configuration.failed', error)
  }
}

/** Words for faults that have no code; those that have one are explained by the command line. */
function explainStart(error: unknown): string | undefined {
  if (error instanceof GatewayError) return undefined
  const fault = z.object({ code: z.string(), port: z.number() }).safeParse(error)
  if (fault.data?.code === 'EADDRINUSE') return `port ${fault.data.port} is in use`
  if (fault.data?.code === 'EACCES') return `port ${fault.data.port} may not be used`
  return 'internal error: the log on standard error says where'
}
