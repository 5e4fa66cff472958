import { decode, encode } from '../wire/codec.ts'
import { Writer } from '../wire/writer.ts'
import { fanoutMessageCodec, type FanoutMessage } from '../wire/mimi/fanout.ts'
import {
  updateRequestCodec,
  updateRoomResponseCodec,
  type UpdateRequest,
  type UpdateRoomResponse,
} from '../wire/mimi/update.ts'
import { mlsMessage, type MlsMessageView } from '../wire/mls/header.ts'
import { wireFormats } from '../wire/mls/message.ts'
import type { Statement } from '../sqlite/store.ts'
import type { DsContext } from './context.ts'
import { fanoutStatement } from './fanout-lanes.ts'
import { parseProposal, pendingProposals } from './handshake.ts'
import {
  acceptanceStatements,
  acceptedBefore,
  destinations,
  nextEvent,
  type Accepted,
} from './hub-event.ts'
import {
  judgeCommit,
  NOT_ALLOWED,
  type CommitBundle,
  type CommitJudgement,
} from './judge-commit.ts'
import { refuseProposals } from './judge-proposals.ts'
import type { UpstreamAnswer, UpstreamRequest } from './key-material.ts'
import { leafChanges, readLeaves } from './leaves.ts'
import { DsProblem } from './problems.ts'
import { domainOf, type RoomState } from './rooms.ts'
import { messageDigest } from './submissions.ts'
import { welcomeProviders } from './welcome-routes.ts'

type AcceptedCommit = Extract<CommitJudgement, { readonly kind: 'accepted' }>

/** One request in the terms of its room. */
interface Update {
  readonly state: RoomState
  readonly origin: string
  readonly digest: Buffer
}

/**
 * update: one commit per epoch, with all proposals that wait; or proposals, which wait. Stored together
 * with its fan-out before the answer. Throws `room-unknown`, `malformed-body`.
 */
export function updateRoom(ctx: DsContext, ask: UpstreamRequest): Promise<UpstreamAnswer> {
  const request = decode(updateRequestCodec, ask.bytes)
  const origin = ask.peer ?? ctx.domain
  return ctx.mutex.run(`room:${ask.target}`, async () => {
    const state = ctx.rooms.get(ask.target)
    if (state === undefined) throw new DsProblem('room-unknown')
    const digest = messageDigest(request.proposalOrCommit.bytes)
    const before = acceptedBefore(ctx, { room: state.room, digest, origin })
    if (before === 'by-another' || !takesPart(state, origin)) return answer(NOT_ALLOWED)
    if (before !== undefined) return success(before)
    const update = { state, origin, digest }
    return request.kind === 'commit'
      ? updateByCommit(ctx, update, request)
      : updateByProposals(ctx, update, request)
  })
}

async function updateByCommit(
  ctx: DsContext,
  update: Update,
  bundle: CommitBundle,
): Promise<UpstreamAnswer> {
  const { state, origin } = update
  const leaves = readLeaves(ctx.rooms.group(state.room).ratchetTree)
  const pending = pendingProposals(ctx, state.room, state.ciphersuite)
  const judged = judgeCommit({ state, leaves, pending, bundle, origin })
  if (judged.kind === 'refused') return answer(judged.response)
  const accepted = nextEvent(ctx, state)
  const changes = leafChanges(leaves, judged.leaves, judged.removed)
  const commit = {
    kind: 'commit',
    timestamp: BigInt(accepted.acceptedMs),
    message: bundle.proposalOrCommit,
    externalProposals: [],
  } as const
  await ctx.store.writeAll([
    ...acceptanceStatements(state, accepted, update),
    ...groupStatements(state.room, judged),
    fanoutStatement({
      room: state.room,
      body: encode(fanoutMessageCodec, commit),
      destinations: destinations(ctx, state, judged.group),
      changes,
    }),
    // After the commit: who joins by the Welcome has no use for the commit that added it.
    ...welcomeStatements(ctx, update, { bundle, accepted }),
  ])
  ctx.rooms.remember({ ...state, ...judged.group, ...accepted })
  ctx.lanes.kick(state.room)
  return success(accepted)
}

function groupStatements(room: string, next: AcceptedCommit): Statement[] {
  return [
    [
      'UPDATE ds_groups SET group_info = ?, ratchet_tree = ? WHERE room = ?',
      [next.groupInfo, next.ratchetTree, room],
    ],
    ['DELETE FROM ds_pending_proposals WHERE room = ?', [room]],
  ]
}

function welcomeStatements(
  ctx: DsContext,
  { state, origin }: Update,
  { bundle, accepted }: { readonly bundle: CommitBundle; readonly accepted: Accepted },
): Statement[] {
  if (bundle.welcome === undefined) return []
  const refs = bundle.welcome.value.secrets.map(({ newMember }) => newMember)
  const providers = new Set(welcomeProviders(ctx, refs, origin))
  providers.delete(ctx.domain)
  const fanout: FanoutMessage = {
    kind: 'welcome',
    timestamp: BigInt(accepted.acceptedMs),
    message: welcomeMessage(bundle.welcome.bytes),
    ratchetTreeOption: bundle.ratchetTreeOption,
  }
  return [
    fanoutStatement({
      room: state.room,
      body: encode(fanoutMessageCodec, fanout),
      destinations: [...providers].toSorted(),
    }),
    ...refs.map((ref): Statement => ['DELETE FROM ds_welcome_routes WHERE ref = ?', [ref]]),
  ]
}

async function updateByProposals(
  ctx: DsContext,
  update: Update,
  request: Extract<UpdateRequest, { readonly kind: 'proposal' }>,
): Promise<UpstreamAnswer> {
  const { state, origin } = update
  const messages = [request.proposalOrCommit, ...request.moreProposals]
  const proposals = messages.map(({ bytes }) => parseProposal(state.ciphersuite, bytes))
  const pendingCount = pendingProposals(ctx, state.room, state.ciphersuite).length
  const leaves = readLeaves(ctx.rooms.group(state.room).ratchetTree)
  const isHub = origin === ctx.domain
  const refusal = refuseProposals({ state, leaves, proposals, origin, isHub, pendingCount })
  if (refusal !== undefined) return answer(refusal)
  const accepted = nextEvent(ctx, state)
  const fanout: FanoutMessage = {
    kind: 'proposal',
    timestamp: BigInt(accepted.acceptedMs),
    message: request.proposalOrCommit,
    moreProposals: request.moreProposals,
  }
  await ctx.store.writeAll([
    ...acceptanceStatements(state, accepted, update),
    ...proposals.map(({ ref, bytes }, index): Statement => [
      `INSERT INTO ds_pending_proposals (room, ref, position, message, accepted_ms)
         VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      [state.room, ref, pendingCount + index, bytes, accepted.acceptedMs],
    ]),
    fanoutStatement({
      room: state.room,
      body: encode(fanoutMessageCodec, fanout),
      destinations: destinations(ctx, state),
    }),
  ])
  ctx.rooms.remember({ ...state, ...accepted })
  ctx.lanes.kick(state.room)
  return success(accepted)
}

/** Whether any participant, whatever its role, is a user of this provider, or may become one. */
function takesPart({ participants, isOpen }: RoomState, origin: string): boolean {
  if (isOpen) return true
  return [...participants.keys()].some((user) => domainOf(user) === origin)
}

/** The bundle's Welcome has no MLSMessage header, a FanoutMessage needs one. */
function welcomeMessage(welcome: Buffer): MlsMessageView {
  const writer = new Writer(welcome.length + 4)
  writer.uint16(MLS10)
  writer.uint16(wireFormats.welcome)
  writer.fixed(welcome)
  return decode(mlsMessage, writer.take())
}

function success({ acceptedMs, sequence }: Accepted): UpstreamAnswer {
  const acceptedTimestamp = BigInt(acceptedMs)
  return {
    ...answer({ responseCode: 'success', errorDescription: '', acceptedTimestamp }),
    headers: { 'postern-room-sequence': String(sequence) },
  }
}

function answer(response: UpdateRoomResponse): UpstreamAnswer {
  return { status: 200, bytes: encode(updateRoomResponseCodec, response) }
}

const MLS10 = 1
