import { decode, encode } from '../wire/codec.ts'
import {
  groupInfoRatchetTreeTBECodec,
  groupInfoRequestCodec,
  type PendingProposal,
} from '../wire/mimi/group-info.ts'
import { groupInfoCodec } from '../wire/mls/group-info.ts'
import { mlsMessage } from '../wire/mls/header.ts'
import { blobColumn, numberColumn } from '../sqlite/row.ts'
import type { DsContext } from './context.ts'
import { mayAct } from './hub-event.ts'
import type { UpstreamAnswer, UpstreamRequest } from './key-material.ts'
import { identityOf } from './leaves.ts'
import { mayJoin } from './rooms.ts'

/**
 * groupInfo: what an external join needs, in plaintext for the gateway, which seals it to the client.
 * For active participants, and in open rooms for everybody who is not in the list: joining codes are
 * not known here. 403 and 404 have no body.
 */
export function groupInfo(ctx: DsContext, ask: UpstreamRequest): UpstreamAnswer {
  const request = decode(groupInfoRequestCodec, ask.bytes)
  const state = ctx.rooms.get(ask.target)
  if (state === undefined) return { status: 404, bytes: NOTHING }
  const requester = identityOf(request.requestingCredential)
  const origin = ask.peer ?? ctx.domain
  if (!mayAct(state, requester, origin) && !mayJoin(state, requester, origin))
    return { status: 403, bytes: NOTHING }
  const group = ctx.rooms.group(state.room)
  const bytes = encode(groupInfoRatchetTreeTBECodec, {
    groupInfo: { value: decode(groupInfoCodec, group.groupInfo), bytes: group.groupInfo },
    ratchetTreeOption: { representation: 'full', ratchetTree: group.ratchetTree },
    pendingProposals: pendingProposals(ctx, state.room),
  })
  return {
    status: 200,
    bytes,
    headers: { 'postern-ciphersuite': String(state.ciphersuite.code) },
  }
}

function pendingProposals(ctx: DsContext, room: string): readonly PendingProposal[] {
  return ctx.store
    .all('SELECT message, accepted_ms FROM ds_pending_proposals WHERE room = ? ORDER BY position', [
      room,
    ])
    .map((row) => ({
      proposal: decode(mlsMessage, blobColumn(row, 'message')),
      hubAcceptedTime: BigInt(numberColumn(row, 'accepted_ms')),
    }))
}

const NOTHING = Buffer.alloc(0)
