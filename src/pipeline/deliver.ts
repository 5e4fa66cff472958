import type { UpstreamAnswer } from '../delivery/upstream.ts'
import type { Answer } from '../model/answer.ts'
import type { RawResponse } from '../model/adapter.ts'
import { GatewayError } from '../model/errors.ts'
import type { SenderTier } from '../model/sender-tier.ts'
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
  actor: Actor = {},
): Promise<Delivered> {
  const { status, bytes, sequence } = await ask(parts, passage, actor)
  const original = { status, bytes }
  const answer = parts.adapter.parseAnswer(passage.exchange, original)
  return { answer, original, sequence }
}

interface Actor {
  /** The acting user's URI, as the suite shows it. */
  readonly actor?: string | undefined
  /** How the sender of a message shows itself. */
  readonly tier?: SenderTier | undefined
}

/** As `deliver`, with an answer that the caller reads itself. */
export async function ask(
  parts: PipelineParts,
  { exchange, context, suite }: Passage,
  { actor, tier }: Actor = {},
): Promise<UpstreamAnswer> {
  const answer = await parts.upstream.call({
    operation: exchange.operation,
    target: targetOf(exchange),
    bytes: exchange.bytes,
    headers: {
      requestId: context.requestId,
      peer: exchange.origin.kind === 'peer' ? exchange.origin.domain : undefined,
      actor,
      suite: suite.name,
      tier,
    },
    signal: context.signal,
  })
  const { status, retryAfterMs } = answer
  if (BUSY.has(status))
    throw new GatewayError(
      'upstream-unavailable',
      retryAfterMs === undefined ? {} : { retryAfterMs },
    )
  return answer
}

/** The delivery service has taken nothing and says when to come again. */
const BUSY: ReadonlySet<number> = new Set([429, 503])
