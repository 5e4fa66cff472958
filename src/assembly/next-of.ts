import type { NextQuestion } from '../listener/internal-handlers.ts'

/** A list that grows, and that whoever has read all of it can wait for. */
export interface GrowingList<Entry> {
  /** Those with a higher number, the oldest first. */
  after(sequence: number, limit: number): readonly Entry[]
  /** Resolves with the next one, or when `signal` aborts. */
  nextInsert(signal: AbortSignal): Promise<void>
}

/** What there is; only where that is nothing, what comes while the question waits. */
export async function nextOf<Entry>(
  list: GrowingList<Entry>,
  { after, waitMs, signal }: NextQuestion,
): Promise<readonly Entry[]> {
  const found = list.after(after, PAGE_ROWS)
  if (found.length > 0 || waitMs === 0) return found
  await list.nextInsert(AbortSignal.any([signal, AbortSignal.timeout(waitMs)]))
  return list.after(after, PAGE_ROWS)
}

const PAGE_ROWS = 100
