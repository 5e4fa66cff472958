/**
 * The OpenTelemetry SDK, loaded by `node --import` or by main.ts, whichever is first. Code elsewhere
 * knows only `@opentelemetry/api`. Nothing is instrumented by itself and no context is passed on to
 * peers: a trace must not link what two providers see.
 */
import { metrics, SeverityNumber } from '@opentelemetry/api'
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import type { DecisionRecord } from './decision-log/record.ts'
import type { DecisionSink } from './decision-log/sink.ts'

const reader = new PrometheusExporter({ preventServerStart: true })
const serializer = new PrometheusSerializer('', false, undefined, true, true)
const meterProvider = new MeterProvider({ readers: [reader] })
metrics.setGlobalMeterProvider(meterProvider)
let stopTraces: (() => Promise<void>) | undefined

/** Every metric of this process in Prometheus' text format. */
export async function metricsText(): Promise<string> {
  const { resourceMetrics } = await reader.collect()
  return serializer.serialize(resourceMetrics)
}

export interface TracingSettings {
  readonly otlpEndpoint: string | undefined
  readonly sampleRatio: number
}

/**
 * Exports sampled traces over OTLP when there is an endpoint, else does nothing and loads nothing.
 * The standard `OTEL_*` variables win over the settings.
 */
export async function startTracing({ otlpEndpoint, sampleRatio }: TracingSettings): Promise<void> {
  if (stopTraces !== undefined) return
  const { env } = process
  if (otlpEndpoint !== undefined) env['OTEL_EXPORTER_OTLP_ENDPOINT'] ??= otlpEndpoint
  const configured = ENDPOINTS.some((name) => (env[name] ?? '') !== '')
  if (!configured || env['OTEL_SDK_DISABLED'] === 'true') return
  env['OTEL_TRACES_SAMPLER'] ??= 'parentbased_traceidratio'
  env['OTEL_TRACES_SAMPLER_ARG'] ??= String(sampleRatio)
  const { startNodeSdk } = await import('@opentelemetry/sdk-node')
  const sdk = startNodeSdk({
    logLevel: 'error',
    propagators: [],
    instrumentations: [],
    metricReaders: [],
    logRecordProcessors: [],
    resourceDetectors: [],
    resourceAttributes: { 'service.name': 'postern' },
  })
  stopTraces = () => sdk.shutdown()
}

/**
 * Sends decisions to a collector as OTLP logs; the SDK is loaded with the first ones. A record says no
 * other time than its own, but the collector knows when it came.
 */
export function otlpDecisions(endpoint: string): DecisionSink {
  let opened: ReturnType<typeof openLogExporter> | undefined
  return {
    name: 'otlp',
    write: async (records) => {
      opened ??= openLogExporter(`${endpoint.replace(/\/$/, '')}/v1/logs`)
      const send = await opened
      await send(records)
    },
  }
}

async function openLogExporter(
  url: string,
): Promise<(records: readonly DecisionRecord[]) => Promise<void>> {
  const { ExportResultCode } = await import('@opentelemetry/core')
  const { LoggerProvider } = await import('@opentelemetry/sdk-logs')
  const { OTLPLogExporter } = await import('@opentelemetry/exporter-logs-otlp-http')
  const { resourceFromAttributes } = await import('@opentelemetry/resources')
  const exporter = new OTLPLogExporter({ url })
  let emitted: ReadableLogRecord[] = []
  const provider = new LoggerProvider({
    resource: resourceFromAttributes({ 'service.name': 'postern' }),
    processors: [
      {
        onEmit: (record) => void emitted.push(record),
        forceFlush: () => Promise.resolve(),
        shutdown: () => exporter.shutdown(),
      },
    ],
  })
  const logger = provider.getLogger('postern.decisions')
  return (records) => {
    for (const record of records) {
      const timestamp = new Date(record.timestamp)
      logger.emit({
        eventName: 'postern.decision',
        timestamp,
        observedTimestamp: timestamp,
        severityNumber: SeverityNumber.INFO,
        body: JSON.stringify(record),
      })
    }
    const batch = emitted
    emitted = []
    return new Promise((resolve, reject) => {
      exporter.export(batch, ({ code, error }) => {
        if (code === ExportResultCode.SUCCESS) resolve()
        else reject(error ?? new Error('not exported'))
      })
    })
  }
}

/** Sends what is left. A collector that cannot be reached does not keep us from stopping. */
export async function stopTelemetry(): Promise<void> {
  const stops = [meterProvider.shutdown(), stopTraces?.() ?? Promise.resolve()]
  stopTraces = undefined
  await Promise.allSettled(stops)
}

const ENDPOINTS = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']
