import { appendFile } from 'node:fs/promises'

/** Appends one JSON object a line. Rejects where they may not have arrived as a whole. */
export type WriteLines = (records: readonly object[]) => Promise<void>

/**
 * A file of mode 0600 that each batch opens anew: to rotate it move it away, and what was wrong with its
 * directory needs no restart. With `flush`, what was written is on the disk once it resolves.
 */
export function jsonLines(path: string, { flush = false }: { flush?: boolean } = {}): WriteLines {
  /** Whether a line may have been cut short. */
  let torn = false
  return async (records) => {
    const lines = textOf(records)
    const text = torn ? `\n${lines}` : lines
    torn = true
    await appendFile(path, text, { mode: 0o600, flush })
    torn = false
  }
}

/** To a stream such as standard output. */
export function jsonLinesTo(stream: NodeJS.WritableStream): WriteLines {
  return (records) =>
    new Promise((resolve, reject) => {
      stream.write(textOf(records), (error) => {
        if (error === null || error === undefined) resolve()
        else reject(error)
      })
    })
}

function textOf(records: readonly object[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join('')
}
