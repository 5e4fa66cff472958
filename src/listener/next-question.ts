import type { NextQuestion } from './internal-handlers.ts'
import { wholeNumber, type RouteInput } from './internal-route.ts'

/** The parameters of a question that may wait for its answer. */
export const nextQuery = [
  { name: 'after', required: false },
  { name: 'waitMs', required: false },
] as const

/** Throws `malformed-request`. */
export function nextQuestion({ query, context }: RouteInput): NextQuestion {
  return {
    after: wholeNumber(query.get('after') ?? '0', Number.MAX_SAFE_INTEGER),
    waitMs: wholeNumber(query.get('waitMs') ?? '0', WAIT_MS_MAX),
    signal: context.signal,
  }
}

/** Shorter than what proxies and clients cut off. */
const WAIT_MS_MAX = 25_000
