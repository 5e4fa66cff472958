import { SpanStatusCode, trace } from '@opentelemetry/api'
import { safeCode, type Literal, type LogFacts } from './log-safe.ts'

/** Runs `work` inside a span named by a literal. Its attributes are `LogSafe`, its error is a code. */
export async function withSpan<const Name extends string, T>(
  name: Literal<Name>,
  facts: LogFacts,
  work: () => Promise<T>,
): Promise<T> {
  return trace.getTracer('postern').startActiveSpan(name, { attributes: facts }, async (span) => {
    try {
      return await work()
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: safeCode(error) })
      throw error
    } finally {
      span.end()
    }
  })
}
