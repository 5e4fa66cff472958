import type { Label, Retraction, Sanction } from '../model/sanctions.ts'
import type { RoomState } from '../rooms/room-state.ts'
import { isOver } from '../sanctions/stored.ts'
import { encode } from '../wire/codec.ts'
import { moderationNoticeCodec, type ModerationNotice } from '../wire/mimi/moderation.ts'
import { componentIds } from '../wire/mls/app-data.ts'
import type { Proposal } from '../wire/mls/proposal.ts'
import type { PipelineParts } from './parts.ts'

type ForClients = Retraction | (Label & { readonly target: { readonly kind: 'message' } })

/** Whether clients are asked to do it. */
export function isForClients(sanction: Sanction): sanction is ForClients {
  switch (sanction.kind) {
    case 'retract':
    case 'restore':
      return true
    case 'label':
    case 'unlabel':
      return sanction.target.kind === 'message'
    case 'ban':
    case 'unban':
    case 'limit':
    case 'unlimit':
    case 'strike':
    case 'retract-strike':
    case 'notify':
      return false
  }
}

/**
 * The proposals that ask clients, in the order in which they are to be tried; undefined where nobody
 * knows the id by which clients know the message.
 */
export function noticesFor(
  parts: PipelineParts,
  room: RoomState,
  sanction: Sanction,
): readonly (readonly [Proposal])[] | undefined {
  if (!isForClients(sanction)) return undefined
  const { messageId: hex } = 'message' in sanction ? sanction.message : targetOf(sanction)
  if (hex === undefined) return undefined
  const messageId = Buffer.from(hex, 'hex')
  const notice: Proposal = {
    kind: 'app-ephemeral',
    componentId: componentIds.moderationNotice,
    data: encode(moderationNoticeCodec, {
      action: actionOf(sanction),
      messageId,
      category: NOT_SAID,
      label: labelOf(parts, sanction),
      statementRef: '',
      issuedAt: BigInt(sanction.issuedAtMs),
    }),
  }
  if (sanction.kind !== 'retract') return [[notice]]
  const atMs = sanction.issuedAtMs
  const retraction = parts.bytes.hubRetraction(room, { messageIds: [messageId], atMs })
  return retraction === undefined ? [[notice]] : [[retraction], [notice]]
}

/** How the message is marked from now on: where nothing marks it any more, with nothing. */
function labelOf({ sanctions, clock }: PipelineParts, sanction: ForClients): string {
  if (sanction.kind === 'label') return sanction.label
  if (sanction.kind !== 'unlabel') return ''
  const { messageId } = targetOf(sanction)
  const nowMs = clock()
  const others = sanctions.liveIn(sanction.room).flatMap((stored) => {
    const other = stored.sanction
    const marks = other.kind === 'label' && targetOf(other).messageId === messageId
    return marks && !isOver(stored, nowMs) ? [other.label] : []
  })
  return others.at(-1) ?? ''
}

function targetOf({ target }: Label): { readonly messageId?: string | undefined } {
  return target.kind === 'message' ? target : {}
}

function actionOf({ kind }: ForClients): ModerationNotice['action'] {
  switch (kind) {
    case 'retract':
      return 'retract'
    case 'restore':
      return 'restore'
    case 'label':
    case 'unlabel':
      return 'label'
  }
}

const NOT_SAID = 0
