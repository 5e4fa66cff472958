import { createHmac, type KeyObject } from 'node:crypto'

/** Who reports: a user, or one of a provider that does not say who. */
export interface ReporterName {
  readonly uri: string | undefined
  readonly provider: string
}

/** Whom a report is about, and where. */
export interface ReportedParty {
  readonly room: string
  readonly subject: string
}

/** Stands for a person where its URI has no business. Reporters that a provider did not name share handles. */
export interface Handles {
  subject(uri: string): string
  /**
   * Counts reporters: of all that is reported about one participant of one room, whatever the dates, the
   * same person has the same handle, and another one of anything else.
   */
  reporter(name: ReporterName, about: ReportedParty): string
  /** Weighs reporters: the same of all that a person reports, and new every 30 days. */
  track(name: ReporterName, atMs: number): string
}

export function createHandles(key: KeyObject): Handles {
  const handle = (...parts: readonly (string | number)[]) => keyedHandle(key, parts)
  return {
    subject: (uri) => handle('subject', uri),
    reporter: (name, { room, subject }) => handle('reporter', ...partsOf(name), room, subject),
    track: (name, atMs) => handle('track', ...partsOf(name), trackStartMs(atMs)),
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

/** When the handles that weigh reporters at this time were new; those before are of no use any more. */
export function trackStartMs(atMs: number): number {
  return atMs - (atMs % TRACK_MS)
}

function partsOf({ uri, provider }: ReporterName): readonly string[] {
  return uri === undefined ? ['unnamed', provider] : ['user', uri]
}

/** How long a reporter keeps the handle that weighs, in ms. */
export const TRACK_MS = 30 * 86_400_000
const HANDLE_BYTES = 16
