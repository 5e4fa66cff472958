import { createHmac, type KeyObject } from 'node:crypto'

/** Stands for a person where its URI has no business: the same person, the same handle, under one key. */
export interface Handles {
  subject(uri: string): string
  /** Reporters that a provider did not name share one handle. */
  reporter(uri: string | undefined, provider: string): string
}

export function createHandles(key: KeyObject): Handles {
  const handle = (...parts: readonly string[]) =>
    createHmac('sha256', key)
      .update(JSON.stringify(parts))
      .digest()
      .subarray(0, HANDLE_BYTES)
      .toString('hex')
  return {
    subject: (uri) => handle('subject', uri),
    reporter: (uri, provider) =>
      uri === undefined ? handle('unnamed', provider) : handle('reporter', uri),
  }
}

const HANDLE_BYTES = 16
