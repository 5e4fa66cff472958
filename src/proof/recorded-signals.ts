import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { createLog, type Log } from '../signals/log.ts'
import { createMetrics, type Metrics } from '../signals/metrics.ts'
import type { SpanRecorder } from '../signals/span-recorder.ts'

/** The real log, metrics and spans of a gateway, with everything that they give out. */
export interface RecordedSignals extends Disposable {
  readonly log: Log
  readonly metrics: Metrics
  /** Lines since the last time, without their time of writing. */
  takeLog(): string
  /** All metrics as Prometheus would read them. */
  metricsText(): Promise<string>
  /** Spans since the last time, as JSON. */
  takeSpans(): string
}

/** Spans belong to the process: worlds that run in turn share their recorder. */
export function recordSignals(spans: SpanRecorder): RecordedSignals {
  let lines: string[] = []
  const log = createLog('debug', {
    write: (line: string) => void lines.push(line.replace(/"time":\d+,?/, '')),
  })
  const reader = new PrometheusExporter({ preventServerStart: true })
  const serializer = new PrometheusSerializer('', false, undefined, true, true)
  const provider = new MeterProvider({ readers: [reader] })
  return {
    log,
    metrics: createMetrics(provider.getMeter('postern')),
    takeLog: () => {
      const taken = lines.join('')
      lines = []
      return taken
    },
    metricsText: async () => serializer.serialize((await reader.collect()).resourceMetrics),
    takeSpans: () => JSON.stringify(spans.take()),
    [Symbol.dispose]: () => {
      void provider.shutdown()
    },
  }
}
