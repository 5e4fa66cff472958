import { hash } from 'node:crypto'
import type { GrantedPlan } from '../metadata/plan.ts'
import { suiteEntry } from '../metadata/suite.ts'
import { GatewayError } from '../model/errors.ts'
import type { FramedMessage, Frank, SubmitMessageExchange } from '../model/exchange.ts'
import type { ListenerResponse, RequestContext } from '../model/handle.ts'
import { componentIds } from '../wire/mls/app-data.ts'
import { admit } from './admit.ts'
import { deliver, type Delivered } from './deliver.ts'
import { disclose, type Observed } from './disclose.ts'
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
  requirePadding(disclose(passage, 'hub', observed(message, pseudonymous)), message)
  const franked = disclose(passage, 'follower').response['message.frank']?.shown === 'exact'

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
    const tag = franked ? message.frankingTag : undefined
    stamped = tag !== undefined
    const { timestampMs, frank } = await stamp(parts, { passage, delivered, digest, tag })
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

/** INVARIANT: every leaf that enters a room was held to the suite, so its participants are too. */
function observed(message: FramedMessage, pseudonymous: boolean): Observed {
  return {
    'sender.user': pseudonymous ? 'pseudonym-room' : 'exact',
    'message.frankingTag': message.frankingTag === undefined ? 'absent' : 'exact',
    'message.id': message.aadComponents.includes(componentIds.messageId) ? 'exact' : 'absent',
  }
}

/** Where sizes are bucketed only padded messages pass: the ciphertext is a multiple of the width. */
function requirePadding(plan: GrantedPlan, { ciphertextBytes }: FramedMessage): void {
  const cell = plan.request['message.size']
  if (cell === undefined || cell.most === 'exact') return
  const width = suiteEntry(plan.suite, 'message.size', 'hub')?.width ?? 1
  if (ciphertextBytes % width !== 0)
    throw new GatewayError('disclosure-refused', { facts: { field: 'message.size' } })
}

interface Accepted {
  readonly passage: Passage<SubmitMessageExchange>
  readonly delivered: Delivered
  readonly digest: Buffer
  /** Undefined where the message gets no frank. */
  readonly tag: Buffer | undefined
}

/** Stage 6. INVARIANT: the time is bucketed before it is franked, and is the same everywhere. */
async function stamp(
  parts: PipelineParts,
  { passage, delivered, digest, tag }: Accepted,
): Promise<{ timestampMs: number; frank: Frank | undefined }> {
  const { exchange, suite } = passage
  const { room, sender } = exchange
  const { answer, sequence } = delivered
  if (answer.operation !== 'submitMessage' || answer.outcome.kind !== 'accepted')
    throw new GatewayError('internal')
  const { acceptedTimestampMs } = answer.outcome
  const timestampMs = parts.timeBuckets.show(room, acceptedTimestampMs, suite.timeBucketMs)
  if (tag === undefined) return { timestampMs, frank: undefined }
  if (sequence === undefined) throw new GatewayError('upstream-invalid')
  const followed = parts.rooms.find(room)
  if (followed === undefined) throw new GatewayError('room-unknown')
  const frank = parts
    .frankingAgent(followed.ciphersuite)
    .stamp({ room, sender, frankingTag: tag, timestampMs })
  return parts.stamps.put({ room, digest, timestampMs, frank, sequence })
}
