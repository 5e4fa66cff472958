import type { DecisionRecord } from './record.ts'

/** Where records go. */
export interface DecisionSink {
  readonly name: 'file' | 'otlp'
  /** One batch after the other. Rejects where it may not have arrived as a whole. */
  write(records: readonly DecisionRecord[]): Promise<void>
}
