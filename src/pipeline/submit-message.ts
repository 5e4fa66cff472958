import { hash } from 'node:crypto'
import type { Stamp } from '../franking/stamp-store.ts'
import type { GrantedPlan } from '../metadata/plan.ts'
import { suiteEntry } from '../metadata/suite.ts'
import { GatewayError, type ErrorCode } from '../model/errors.ts'
import type { FramedMessage, SubmitMessageExchange } from '../model/exchange.ts'
import type { ListenerResponse, RequestContext } from '../model/handle.ts'
import { componentIds } from '../wire/mls/app-data.ts'
import { admit } from './admit.ts'
import { deliver, type Delivered } from './deliver.ts'
import { disclose, type Observed } from './disclose.ts'
import type { PipelineParts } from './parts.ts'
import { openPassage } from './passage.ts'
import { originDomain } from './identify.ts'
import { record } from './record.ts'
import { franked } from './stamp.ts'
import type { UnheardMessage } from './unheard-messages.ts'

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
  const isFranked = disclose(passage, 'follower').response['message.frank']?.shown === 'exact'

  const digest = hash('sha256', message.bytes, 'buffer')
  const frankingTag = isFranked ? message.frankingTag : undefined
  const submission = { room, digest, sender, frankingTag }
  parts.stamps.begin(room, digest)
  let stamped = false
  try {
    const delivered = await heard(parts, submission, () =>
      deliver(parts, passage, { actor: sender }),
    )
    const { answer } = delivered
    if (answer.operation !== 'submitMessage' || answer.outcome.kind !== 'accepted') {
      record(parts, passage, { kind: 'message.refused', outcome: answer.outcome.kind, policies })
      return parts.adapter.serialise(exchange, answer, delivered.original)
    }
    const { acceptedTimestampMs } = answer.outcome
    const shownMs = parts.timeBuckets.show(room, acceptedTimestampMs, suite.timeBucketMs)
    const { sequence = 0 } = delivered
    const stamp = stampOf(parts, submission, { timestampMs: shownMs, sequence })
    stamped = stamp !== undefined
    const { timestampMs, frank } =
      stamp === undefined
        ? { timestampMs: shownMs, frank: undefined }
        : await parts.stamps.put(stamp)
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

/** A message on its way, with what it is stamped for; without a tag it gets no frank. */
type Submission = Omit<UnheardMessage, 'frankingTag'> & {
  readonly frankingTag: Buffer | undefined
}

/** INVARIANT: before anybody may learn that a submission failed, its fan-out can be stamped. */
async function heard(
  parts: PipelineParts,
  { frankingTag, ...submission }: Submission,
  run: () => Promise<Delivered>,
): Promise<Delivered> {
  try {
    const delivered = await run()
    const { answer, sequence } = delivered
    if (answer.outcome.kind === 'accepted' && sequence === undefined)
      throw new GatewayError('upstream-invalid')
    return delivered
  } catch (error) {
    const maybeTaken = error instanceof GatewayError && MAYBE_TAKEN.has(error.code)
    if (maybeTaken && frankingTag !== undefined)
      await parts.unheardMessages.keep({ ...submission, frankingTag })
    throw error
  }
}

/** Stage 6. INVARIANT: the time is bucketed before it is franked, and is the same everywhere. */
function stampOf(
  parts: PipelineParts,
  { frankingTag, ...submission }: Submission,
  accepted: Pick<Stamp, 'timestampMs' | 'sequence'>,
): Stamp | undefined {
  if (frankingTag === undefined) return undefined
  return franked(parts, { ...submission, frankingTag }, accepted)
}

/** After these the delivery service may have the message or not. */
const MAYBE_TAKEN: ReadonlySet<ErrorCode> = new Set([
  'upstream-unreachable',
  'upstream-timeout',
  'upstream-invalid',
  'draining',
])
