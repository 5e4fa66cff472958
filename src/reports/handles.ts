import { createHmac, type KeyObject } from 'node:crypto'

/** Stands for a person where its URI has no business: the same person, the same handle, under one key. */
export interface Handles {
  subject(uri: string): string
  /**
   * At a time: new every 30 days, so that nobody's reports can be strung together for longer. Reporters
   * that a provider did not name share one handle.
   */
  reporter(uri: string | undefined, provider: string, atMs: number): string
}

export function createHandles(key: KeyObject): Handles {
  const handle = (...parts: readonly (string | number)[]) => keyedHandle(key, parts)
  return {
    subject: (uri) => handle('subject', uri),
    reporter: (uri, provider, atMs) => {
      const period = Math.floor(atMs / REPORTER_HANDLE_MS)
      return uri === undefined
        ? handle('unnamed', provider, period)
        : handle('reporter', uri, period)
    },
  }
}

/** 32 hexadecimal digits that stand for `parts`; the first one says for what. */
export function keyedHandle(key: KeyObject, parts: readonly (string | number)[]): string {
  return createHmac('sha256', key)
    .update(JSON.stringify(parts))
    .digest()
    .subarray(0, HANDLE_BYTES)
    .toString('hex')
}

/** How long a reporter keeps a handle, in ms. */
export const REPORTER_HANDLE_MS = 30 * 86_400_000
const HANDLE_BYTES = 16
