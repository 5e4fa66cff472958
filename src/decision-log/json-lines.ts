import { appendFile } from 'node:fs/promises'
import type { DecisionSink } from './sink.ts'

/**
 * One record a line, in a file of mode 0600 that each batch opens anew: to rotate it move it away, and
 * what was wrong with its directory needs no restart.
 */
export function jsonLinesFile(path: string): DecisionSink {
  /** Whether a line may have been cut short. */
  let torn = false
  return {
    name: 'file',
    write: async (records) => {
      const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('')
      const text = torn ? `\n${lines}` : lines
      torn = true
      await appendFile(path, text, { mode: 0o600 })
      torn = false
    },
  }
}
