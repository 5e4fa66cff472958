import type { Answer } from '../model/answer.ts'
import type { RawResponse } from '../model/adapter.ts'
import type { Exchange } from '../model/exchange.ts'
import { targetOf } from './identify.ts'
import type { PipelineParts } from './parts.ts'
import type { Passage } from './passage.ts'

/** What our delivery service said. */
export interface Delivered {
  readonly answer: Answer
  readonly original: RawResponse
  /** The message's number in its room, where the delivery service gave one. */
  readonly sequence: number | undefined
}

/**
 * Stage 5, inwards: the original bytes to our delivery service, and what it answers.
 * Throws `upstream-unreachable`, `upstream-timeout`, `upstream-unavailable`, `upstream-invalid`.
 */
export async function deliver(
  parts: PipelineParts,
  passage: Passage,
  { actor }: { readonly actor?: string } = {},
): Promise<Delivered> {
  const { exchange, context, suite } = passage
  const { status, bytes, sequence } = await parts.upstream.call({
    operation: exchange.operation,
    target: targetOf(exchange),
    bytes: exchange.bytes,
    headers: {
      requestId: context.requestId,
      peer: exchange.origin.kind === 'peer' ? exchange.origin.domain : undefined,
      actor,
      suite: suite.name,
    },
    signal: context.signal,
  })
  const original = { status, bytes }
  return { answer: parts.adapter.parseAnswer(exchange, original), original, sequence }
}

/** The same exchange on the way to our own delivery service. */
export function inwards<E extends Exchange>(exchange: E): E {
  return { ...exchange, direction: 'ingress' }
}
