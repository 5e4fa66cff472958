/**
 * The OpenTelemetry SDK, loaded by `node --import` or by main.ts, whichever is first. Code elsewhere
 * knows only `@opentelemetry/api`. Nothing is instrumented by itself and no context is passed on to
 * peers: a trace must not link what two providers see.
 */
import { metrics } from '@opentelemetry/api'
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'

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

/** Sends what is left. A collector that cannot be reached does not keep us from stopping. */
export async function stopTelemetry(): Promise<void> {
  const stops = [meterProvider.shutdown(), stopTraces?.() ?? Promise.resolve()]
  stopTraces = undefined
  await Promise.allSettled(stops)
}

const ENDPOINTS = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']
