import { jsonLines } from '../signals/json-lines.ts'
import type { DecisionSink } from './sink.ts'

/** One record a line, in a file of mode 0600. */
export function jsonLinesFile(path: string): DecisionSink {
  return { name: 'file', write: jsonLines(path) }
}
