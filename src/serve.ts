import { once } from 'node:events'
import { z } from 'zod'
import type { ExitCode } from './cli/command.ts'
import { greeting } from './cli/greeting.ts'
import { hangups } from './cli/hangups.ts'
import { stopSignals } from './cli/stop-signals.ts'
import type { Gateway } from './gateway.ts'
import { GatewayError } from './model/errors.ts'
import type { Config } from './settings/config.ts'
import { reloadConfig } from './settings/reload.ts'
import { openLogFile } from './signals/log-file.ts'
import { createLog, type Log } from './signals/log.ts'
import { startTracing, stopTelemetry } from './telemetry.ts'

export interface ServeOptions {
  readonly readConfig: () => Promise<Config>
  readonly version: string
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/**
 * Runs the gateway until SIGTERM or SIGINT, then drains; a second signal ends the wait. SIGHUP reads
 * the configuration again. Throws `GatewayError` where it cannot start for a reason that has a code.
 */
export async function serve({ readConfig, version, out, err }: ServeOptions): Promise<ExitCode> {
  const config = await readConfig()
  using logFile = openLogFile(process.stderr.fd)
  const log = createLog(config.log.level, logFile)
  await startTracing(config.telemetry)
  using stop = stopSignals((fault) => log.fault('process.failed', fault))
  using hangup = hangups()
  try {
    // After the configuration: who made a mistake in it need not wait for the whole gateway to load.
    const { startGateway } = await import('./gateway.ts')
    await using gateway = await startGateway(config, log, { readConfig, version })
    const { provider, file } = config
    out(greeting({ version, provider, urls: gateway.urls, file }))
    let reloading: Promise<unknown> = Promise.resolve()
    hangup.handle(() => {
      reloading = Promise.all([reloading, reload(gateway, { readConfig, log, err })])
    })
    const exitCode = await stop.asked
    hangup.handle(() => {})
    const { drainMs } = config.limits
    log.info('gateway.draining', { drainMs })
    const enough = AbortSignal.any([stop.again, AbortSignal.timeout(drainMs)])
    await gateway.drain(enough)
    // What still reads the configuration needs the stores that close next.
    await Promise.race([reloading, aborted(enough)])
    return exitCode
  } catch (error) {
    if (error instanceof GatewayError) throw error
    log.fault('gateway.failed', error)
    err(`${explain(error)}\n`)
    return 1
  } finally {
    log.info('gateway.stopped')
    await stopTelemetry()
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}

interface Reload {
  readonly readConfig: () => Promise<Config>
  readonly log: Log
  readonly err: (text: string) => void
}

async function reload(gateway: Gateway, { readConfig, log, err }: Reload): Promise<void> {
  try {
    const result = await reloadConfig(readConfig, (config) => gateway.reload(config))
    if (result.outcome === 'applied') {
      log.info('configuration.applied', { needRestart: result.restart.length })
      return
    }
    log.warn('configuration.refused', { problems: result.problems.length })
    err(`${result.problems.join('\n')}\n`)
  } catch (error) {
    log.fault('configuration.failed', error)
  }
}

/** Words for faults that have no code of ours. */
function explain(error: unknown): string {
  const fault = z.object({ code: z.string(), port: z.number() }).safeParse(error)
  if (fault.data?.code === 'EADDRINUSE') return `port ${fault.data.port} is in use`
  if (fault.data?.code === 'EACCES') return `port ${fault.data.port} may not be used`
  return 'internal error: the log on standard error says where'
}
