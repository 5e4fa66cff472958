import { trace, type Attributes } from '@opentelemetry/api'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'

/** What a span tells beside when it was. */
export interface RecordedSpan {
  readonly name: string
  readonly attributes: Attributes
  /** The text of its status; empty unless it failed. */
  readonly status: string
  readonly events: readonly { readonly name: string; readonly attributes: Attributes }[]
}

export interface SpanRecorder extends Disposable {
  /** The spans that ended since the last time. */
  take(): readonly RecordedSpan[]
}

/** Keeps every span of this process in memory, until it is disposed of. Throws where spans go elsewhere. */
export function recordSpans(): SpanRecorder {
  const exporter = new InMemorySpanExporter()
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  if (!trace.setGlobalTracerProvider(provider)) throw new TypeError('spans go elsewhere already')
  return {
    take: () => {
      const spans = exporter.getFinishedSpans()
      exporter.reset()
      return spans.map(({ name, attributes, status, events }) => ({
        name,
        attributes,
        status: status.message ?? '',
        events: events.map((event) => ({ name: event.name, attributes: event.attributes ?? {} })),
      }))
    },
    [Symbol.dispose]: () => {
      trace.disable()
      void provider.shutdown()
    },
  }
}
