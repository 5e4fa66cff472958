import { hash } from 'node:crypto'
import { GatewayError } from '../model/errors.ts'
import type { Frank, SubmitMessageExchange } from '../model/exchange.ts'
import type { ListenerResponse, RequestContext } from '../model/handle.ts'
import { admit } from './admit.ts'
import { deliver, type Delivered } from './deliver.ts'
import { disclose } from './disclose.ts'
import type { PipelineParts } from './parts.ts'
import { openPassage, type Passage } from './passage.ts'
import { originDomain } from './identify.ts'
import { record } from './record.ts'

/**
 * An application message for a room of ours: the delivery service orders it, then it is stamped and
 * the stamp is durable before the answer leaves. draft-ietf-mimi-protocol-06 §5.4
 */
export async function submitMessage(
  parts: PipelineParts,
  exchange: SubmitMessageExchange,
  context: RequestContext,
): Promise<ListenerResponse> {
  const passage = openPassage(parts, { exchange, context }, originDomain(exchange))
  const { room, sender, message } = exchange
  const { suite } = passage
  if (!parts.rooms.isParticipant(room, sender)) throw new GatewayError('not-a-participant')
  const pseudonymous = suite.pseudonymousCredentials === 'required'
  const policies = admit(parts, passage, pseudonymous)
  if (suite.requiresFrank && message.frankingTag === undefined)
    throw new GatewayError('frank-required')
  // INVARIANT: every leaf that enters a room was held to the suite, so its participants are too.
  disclose(passage, 'hub', { 'sender.user': pseudonymous ? 'pseudonym-room' : 'exact' })
  disclose(passage, 'follower')

  const digest = hash('sha256', message.bytes, 'buffer')
  parts.stamps.begin(room, digest)
  let stamped = false
  try {
    const delivered = await deliver(parts, passage, { actor: sender })
    const { answer } = delivered
    if (answer.operation !== 'submitMessage' || answer.outcome.kind !== 'accepted') {
      record(parts, passage, { kind: 'message.refused', outcome: answer.outcome.kind, policies })
      return parts.adapter.serialise(exchange, answer, delivered.original)
    }
    stamped = message.frankingTag !== undefined
    const { timestampMs, frank } = await stamp(parts, { passage, delivered, digest })
    record(parts, passage, {
      kind: 'message.accepted',
      outcome: 'accepted',
      policies,
      values: {
        'room.id': { form: 'exact', value: room },
        'sender.user': { form: pseudonymous ? 'pseudonym-room' : 'exact', value: sender },
        'message.time': { form: 'bucket', value: timestampMs },
        'message.size': { form: 'exact', value: message.bytes.length },
      },
    })
    const outcome = { kind: 'accepted', acceptedTimestampMs: timestampMs, frank } as const
    return parts.adapter.serialise(exchange, { operation: 'submitMessage', outcome })
  } finally {
    if (!stamped) parts.stamps.abandon(room, digest)
  }
}

interface Accepted {
  readonly passage: Passage<SubmitMessageExchange>
  readonly delivered: Delivered
  readonly digest: Buffer
}

/** Stage 6. INVARIANT: the time is bucketed before it is franked, and is the same everywhere. */
async function stamp(
  parts: PipelineParts,
  { passage, delivered, digest }: Accepted,
): Promise<{ timestampMs: number; frank: Frank | undefined }> {
  const { exchange, suite } = passage
  const { room, sender, message } = exchange
  const { answer, sequence } = delivered
  if (answer.operation !== 'submitMessage' || answer.outcome.kind !== 'accepted')
    throw new GatewayError('internal')
  const { acceptedTimestampMs } = answer.outcome
  const timestampMs = parts.timeBuckets.show(room, acceptedTimestampMs, suite.timeBucketMs)
  if (message.frankingTag === undefined) return { timestampMs, frank: undefined }
  if (sequence === undefined) throw new GatewayError('upstream-invalid')
  const followed = parts.rooms.find(room)
  if (followed === undefined) throw new GatewayError('room-unknown')
  const frank = parts
    .frankingAgent(followed.ciphersuite)
    .stamp({ room, sender, frankingTag: message.frankingTag, timestampMs })
  return parts.stamps.put({ room, digest, timestampMs, frank, sequence })
}
