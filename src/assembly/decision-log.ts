import { createDecisionLog, type DecisionLog } from '../decision-log/decision-log.ts'
import { jsonLinesFile } from '../decision-log/json-lines.ts'
import type { DecisionSink } from '../decision-log/sink.ts'
import type { Clock, Randomness } from '../model/clock.ts'
import type { Config } from '../settings/config.ts'
import type { Log } from '../signals/log.ts'
import type { Metrics } from '../signals/metrics.ts'

export interface DecisionLogSetting {
  readonly config: Config
  readonly version: string
  readonly metrics: Metrics
  readonly log: Log
  readonly clock: Clock
  readonly randomness: Randomness
  /** A sink that sends to a collector at this base URL. */
  readonly otlp: (endpoint: string) => DecisionSink
}

/** The decision log that the configuration asks for, if it does. */
export function openDecisionLog(setting: DecisionLogSetting): DecisionLog {
  const { config, version, metrics, log, clock, randomness, otlp } = setting
  const { file, otlpEndpoint, sampleAllows } = config.decisionLog
  return createDecisionLog({
    sinks: [
      ...(file === undefined ? [] : [jsonLinesFile(file)]),
      ...(otlpEndpoint === undefined ? [] : [otlp(otlpEndpoint)]),
    ],
    provider: config.provider,
    version,
    sampleAllows,
    metrics,
    log,
    clock,
    randomness,
  })
}
