import type { Operation } from '../model/exchange.ts'
import { parseConsent, receiveConsent } from './consent.ts'
import type { DsContext } from './context.ts'
import { groupInfo } from './group-info.ts'
import { identifierQuery } from './identifier-query.ts'
import { keyMaterial, type UpstreamAnswer, type UpstreamRequest } from './key-material.ts'
import { notify } from './notify.ts'
import { DsProblem } from './problems.ts'
import { submitMessage } from './submit-message.ts'
import { updateRoom } from './update-room.ts'

/** What the gateway asks of its delivery service, by operation. Throws `DsProblem` and `WireError`. */
export async function answerUpstream(
  ctx: DsContext,
  operation: Operation,
  ask: UpstreamRequest,
): Promise<UpstreamAnswer> {
  switch (operation) {
    case 'keyMaterial':
      return keyMaterial(ctx, ask)
    case 'update':
      return updateRoom(ctx, ask)
    case 'submitMessage':
      return submitMessage(ctx, ask)
    case 'notify':
      return notify(ctx, ask)
    case 'groupInfo':
      return groupInfo(ctx, ask)
    case 'requestConsent':
    case 'updateConsent':
      return consent(ctx, operation, ask)
    case 'identifierQuery':
      return identifierQuery(ctx, ask)
    // Reports end in the gateway, and there are no assets here.
    case 'reportAbuse':
    case 'proxyDownload':
      throw new DsProblem('unsupported-operation')
  }
}

async function consent(
  ctx: DsContext,
  operation: 'requestConsent' | 'updateConsent',
  { peer, bytes }: UpstreamRequest,
): Promise<UpstreamAnswer> {
  const entry = parseConsent(operation, bytes)
  const isKnown = await receiveConsent(ctx, { entry, peer, bytes })
  return { status: isKnown ? 201 : 404, bytes: Buffer.alloc(0) }
}
