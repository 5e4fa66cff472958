import { decode, encode } from '../../wire/codec.ts'
import { WireError } from '../../wire/errors.ts'
import {
  hubRetractedCodec,
  hubRetractedTBSCodec,
  moderationNoticeCodec,
} from '../../wire/mimi/moderation.ts'
import { componentIds } from '../../wire/mls/app-data.ts'
import { verifyWithLabel } from '../../wire/mls/sign-with-label.ts'
import type { PublicEpoch, QueuedProposal } from '../mls/epoch.ts'
import { externalSenders } from '../mls/proposal-sender.ts'
import type { HubAdvice } from './client-event.ts'

/**
 * What a proposal of the hub asks us to do about messages; undefined for every other one, and for one
 * that says nothing that we understand. The signature of the proposal itself has been verified.
 */
export function adviceOf(
  room: string,
  epoch: PublicEpoch,
  { proposal, sender }: QueuedProposal,
): HubAdvice | undefined {
  if (proposal.kind !== 'app-ephemeral' || sender.kind !== 'external') return undefined
  try {
    switch (proposal.componentId) {
      case componentIds.moderationNotice: {
        const { action, messageId, label } = decode(moderationNoticeCodec, proposal.data)
        return { kind: 'hub-advice', room, action, messageIds: [messageId], label }
      }
      case componentIds.hubRetracted: {
        const messageIds = retracted(epoch, sender.senderIndex, proposal.data)
        return messageIds && { kind: 'hub-advice', room, action: 'retract', messageIds, label: '' }
      }
      default:
        return undefined
    }
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

/** Undefined where the hub has not signed the retraction itself. draft-mahy-mimi-hub-retracted-messages-00 */
function retracted(
  { groupContext }: PublicEpoch,
  senderIndex: number,
  data: Buffer,
): readonly Buffer[] | undefined {
  const hub = externalSenders(groupContext.extensions)[senderIndex]
  if (hub === undefined) return undefined
  const { signature, ...retraction } = decode(hubRetractedCodec, data)
  const isSigned = verifyWithLabel({
    cipherSuite: groupContext.cipherSuite,
    publicKey: hub.signatureKey,
    label: 'HubRetractedComponentTBS',
    content: encode(hubRetractedTBSCodec, retraction),
    signature,
  })
  return isSigned ? retraction.retractedMessages : undefined
}
