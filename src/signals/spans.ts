import { SpanStatusCode, trace } from '@opentelemetry/api'
import { safeCode, type Literal, type LogFacts } from './log-safe.ts'

/** Adds what is known only at the end. */
type Tell = (facts: LogFacts) => void

/**
 * Runs `work` inside a span named by a literal, within the span that is under way. Its attributes are
 * `LogSafe`, its error is a code.
 */
export async function withSpan<const Name extends string, T>(
  name: Literal<Name>,
  facts: LogFacts,
  work: (tell: Tell) => Promise<T>,
): Promise<T> {
  return trace.getTracer('postern').startActiveSpan(name, { attributes: facts }, async (span) => {
    try {
      return await work((more) => void span.setAttributes(more))
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: safeCode(error) })
      throw error
    } finally {
      span.end()
    }
  })
}
