import { hash } from 'node:crypto'
import type { Stamp } from '../franking/stamp-store.ts'
import { roomTimeWidthMs } from '../metadata/suite.ts'
import type { GrantedPlan } from '../metadata/plan.ts'
import type { RawResponse } from '../model/adapter.ts'
import type { Answer } from '../model/answer.ts'
import { GatewayError, type ErrorCode } from '../model/errors.ts'
import type { SubmitMessageExchange } from '../model/exchange.ts'
import type { ListenerResponse, RequestContext } from '../model/handle.ts'
import type { MimiUri } from '../model/ids.ts'
import type { Form } from '../model/metadata.ts'
import type { SenderTier } from '../model/sender-tier.ts'
import { admitSender, proveSender } from './admit-sender.ts'
import { carriedByAnswer } from './carried.ts'
import { countAnswer, countTaken } from './count.ts'
import { deliver, type Delivered } from './deliver.ts'
import { disclose } from './disclose.ts'
import { requirePadding } from './message-forms.ts'
import { observedOf } from './observed.ts'
import type { PipelineParts } from './parts.ts'
import { openPassage, type Passage } from './passage.ts'
import { originDomain } from './identify.ts'
import { record } from './record.ts'
import { keepStamp, showsFranks } from './relay.ts'
import { rememberSubmitter } from './remember-submitter.ts'
import { requireNotBanned } from './sanctioned.ts'
import { franked } from './stamp.ts'
import { requireRoom } from './unknown-room.ts'
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
  requireRoom(parts, passage)
  requireNotBanned(parts, room, sender)
  const { tier, policies } = await admitSender(parts, passage)
  const { request, response } = discloseMessage(passage)
  const digest = hash('sha256', message.bytes, 'buffer')
  await proveSender(parts, passage, { tier, digest })
  await rememberSubmitter(parts, exchange, context)

  const frankingTag = showsFranks(suite) ? message.frankingTag : undefined
  const submission = { room, digest, sender, frankingTag }
  parts.stamps.begin(room, digest)
  let stamped = false
  try {
    const delivered = await heard(parts, submission, () =>
      deliver(parts, passage, { actor: sender, tier }),
    )
    const { answer, sequence = 0 } = delivered
    countTaken(parts, passage, { audience: 'hub', plan: request })
    if (answer.operation !== 'submitMessage' || answer.outcome.kind !== 'accepted') {
      record(parts, passage, { kind: 'message.refused', outcome: answer.outcome.kind, policies })
      return answered(parts, passage, { plan: response, answer, original: delivered.original })
    }
    const { acceptedTimestampMs } = answer.outcome
    const shownMs = parts.timeBuckets.show(room, acceptedTimestampMs, roomTimeWidthMs(suite))
    const stamp = stampOf(parts, submission, { timestampMs: shownMs, sequence })
    if (stamp !== undefined) await parts.relayLog.ready(parts.clock())
    stamped = stamp !== undefined
    const { timestampMs, frank } =
      stamp === undefined
        ? await unstamped(parts, room, shownMs)
        : await keepStamp(parts, stamp, submission)
    record(parts, passage, {
      kind: 'message.accepted',
      outcome: 'accepted',
      policies,
      values: {
        'room.id': { form: 'exact', value: room },
        'sender.user': { form: FORMS[tier], value: sender },
        'message.time': { form: 'exact', value: timestampMs },
        'message.size': { form: 'exact', value: message.bytes.length },
      },
    })
    const outcome = {
      kind: 'accepted',
      acceptedTimestampMs: timestampMs,
      frank: parts.transforms.showFrank(frank, response.response['message.frank']),
    } as const
    const shown = { operation: 'submitMessage', outcome } as const
    return answered(parts, passage, { plan: response, answer: shown })
  } finally {
    if (!stamped) parts.stamps.abandon(room, digest)
  }
}

interface Answered {
  readonly plan: GrantedPlan
  readonly answer: Answer
  readonly original?: RawResponse
}

function answered(
  parts: PipelineParts,
  passage: Passage,
  { plan, answer, original }: Answered,
): RawResponse {
  countAnswer(parts, passage, { audience: 'follower', plan, observed: carriedByAnswer(answer) })
  return parts.adapter.serialise(passage.exchange, answer, original)
}

/** What we see of it as the hub lies within the plan. Returns the plans for it and for the answer. */
export function discloseMessage(passage: Passage<SubmitMessageExchange>): {
  readonly request: GrantedPlan
  readonly response: GrantedPlan
} {
  const { suite } = passage
  const { message } = passage.exchange
  if (suite.requiresFrank && message.frankingTag === undefined)
    throw new GatewayError('frank-required')
  const request = disclose(passage, 'hub', observedOf(passage.exchange, suite))
  requirePadding(passage, { plan: request, audience: 'hub' }, message)
  return { request, response: disclose(passage, 'follower') }
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

/** No frank and nothing in the relay log: what is not in it proves nothing about this room any more. */
async function unstamped(parts: PipelineParts, room: MimiUri, timestampMs: number) {
  await parts.logCoverage.interrupt(room)
  return { timestampMs, frank: undefined }
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

const FORMS = {
  identified: 'exact',
  'room-pseudonym': 'pseudonym-room',
  'epoch-pseudonym': 'pseudonym-epoch',
  'message-token': 'pseudonym-epoch',
} as const satisfies Record<SenderTier, Form>

/** After these the delivery service may have the message or not. */
const MAYBE_TAKEN: ReadonlySet<ErrorCode> = new Set([
  'upstream-unreachable',
  'upstream-timeout',
  'upstream-invalid',
  'draining',
])
