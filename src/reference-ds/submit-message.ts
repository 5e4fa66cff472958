import { decode, encode } from '../wire/codec.ts'
import { fanoutMessageCodec } from '../wire/mimi/fanout.ts'
import {
  submitMessageRequestCodec,
  submitMessageResponseCodec,
  type SubmitMessageRequest,
  type SubmitMessageResponse,
} from '../wire/mimi/submit-message.ts'
import type { DsContext } from './context.ts'
import { fanoutStatement } from './fanout-lanes.ts'
import {
  acceptanceStatements,
  acceptedBefore,
  destinations,
  mayAct,
  mayActUnnamed,
  nextEvent,
  type Accepted,
} from './hub-event.ts'
import type { UpstreamAnswer, UpstreamRequest } from './key-material.ts'
import { DsProblem } from './problems.ts'
import type { RoomState } from './rooms.ts'
import { messageDigest } from './submissions.ts'

/**
 * submitMessage: orders an application message in a room of ours. It is stored together with its
 * fan-out before the answer, and fanned out after it. Throws `room-unknown`.
 */
export function submitMessage(ctx: DsContext, ask: UpstreamRequest): Promise<UpstreamAnswer> {
  const request = decode(submitMessageRequestCodec, ask.bytes)
  const origin = ask.peer ?? ctx.domain
  const unnamed = UNNAMED.has(ask.tier ?? '')
  return ctx.mutex.run(`room:${ask.target}`, async () => {
    const state = ctx.rooms.get(ask.target)
    if (state === undefined) throw new DsProblem('room-unknown')
    const digest = messageDigest(request.appMessage.bytes)
    const before = acceptedBefore(ctx, { room: state.room, digest, origin })
    if (before === 'by-another') return answer({ statusCode: 'notAllowed', protocol: 'mls10' })
    if (before !== undefined) return acceptance(before)
    const refusal = refuse(ctx, state, { request, origin, unnamed })
    if (refusal !== undefined) return answer(refusal)
    const accepted = await accept(ctx, state, { request, origin, digest })
    ctx.lanes.kick(state.room)
    return acceptance(accepted)
  })
}

interface Refusable {
  readonly request: SubmitMessageRequest
  readonly origin: string
  /** The gateway has checked the proof of a sender that no participant list names. */
  readonly unnamed: boolean
}

function refuse(
  ctx: DsContext,
  state: RoomState,
  { request, origin, unnamed }: Refusable,
): SubmitMessageResponse | undefined {
  const { header } = request.appMessage
  const notAllowed = { protocol: 'mls10', statusCode: 'notAllowed' } as const
  if (header.kind !== 'private' || header.contentType !== 'application') return notAllowed
  if (!header.groupId.equals(state.groupId)) return notAllowed
  const may = unnamed
    ? mayActUnnamed(state, request.sendingUri, origin)
    : mayAct(state, request.sendingUri, origin)
  if (!may) return notAllowed
  if (header.epoch > state.epoch) return notAllowed
  const oldest = ctx.previousEpochAccepted ? state.epoch - 1n : state.epoch
  if (header.epoch >= oldest) return undefined
  return { protocol: 'mls10', statusCode: 'epochTooOld', currentEpoch: state.epoch }
}

async function accept(
  ctx: DsContext,
  state: RoomState,
  submission: {
    readonly request: SubmitMessageRequest
    readonly origin: string
    readonly digest: Buffer
  },
): Promise<Accepted> {
  const accepted = nextEvent(ctx, state)
  const body = encode(fanoutMessageCodec, {
    kind: 'application',
    timestamp: BigInt(accepted.acceptedMs),
    message: submission.request.appMessage,
    frank: undefined,
  })
  await ctx.store.writeAll([
    ...acceptanceStatements(state, accepted, submission),
    fanoutStatement({ room: state.room, body, destinations: destinations(ctx, state) }),
  ])
  ctx.rooms.remember({ ...state, ...accepted })
  return accepted
}

function acceptance({ acceptedMs, sequence }: Accepted): UpstreamAnswer {
  return {
    ...answer({
      protocol: 'mls10',
      statusCode: 'accepted',
      acceptedTimestamp: BigInt(acceptedMs),
      frank: undefined,
    }),
    headers: { 'postern-room-sequence': String(sequence) },
  }
}

function answer(response: SubmitMessageResponse): UpstreamAnswer {
  return { status: 200, bytes: encode(submitMessageResponseCodec, response) }
}

/** Tiers of senders that no participant list names. */
const UNNAMED: ReadonlySet<string> = new Set(['epoch-pseudonym', 'message-token'])
