import type { NotifyExchange, UpdateExchange } from '../../model/exchange.ts'
import { decode } from '../../wire/codec.ts'
import { WireError } from '../../wire/errors.ts'
import { roomMetaDataCodec } from '../../wire/mimi/room-metadata.ts'
import { appDataDictionaryCodec, componentData, componentIds } from '../../wire/mls/app-data.ts'
import { extensionData, extensionTypes, type Extension } from '../../wire/mls/extension.ts'
import { groupInfoCodec } from '../../wire/mls/group-info.ts'
import { mlsMessageCodec } from '../../wire/mls/message.ts'
import type { Proposal } from '../../wire/mls/proposal.ts'

/**
 * Whether a handshake shows a name, an avatar, a subject or another description of its room: in its
 * proposals, or in the GroupInfo beside it. draft-ietf-mimi-protocol-06 §7.6
 */
export function showsDescription(exchange: UpdateExchange | NotifyExchange): boolean {
  if (exchange.operation === 'notify')
    return exchange.items.some(
      ({ kind, message }) => (kind === 'commit' || kind === 'proposal') && describes(message),
    )
  const { handshake } = exchange
  if (handshake.kind === 'proposals')
    return handshake.proposals.some(({ bytes }) => describes(bytes))
  const { commit, groupInfo } = handshake
  return describes(commit.bytes) || (groupInfo !== undefined && groupInfoDescribes(groupInfo))
}

/** The same of a GroupInfo, without an MLSMessage header. */
export function groupInfoDescribes(bytes: Buffer): boolean {
  return extensionsDescribe(decode(groupInfoCodec, bytes).groupContext.extensions)
}

function describes(bytes: Buffer): boolean {
  const message = decode(mlsMessageCodec, bytes)
  if (message.kind !== 'public') return false
  const { content } = message.publicMessage.content
  switch (content.kind) {
    case 'proposal':
      return proposalDescribes(content.proposal)
    case 'commit':
      return content.commit.proposals.some(
        (one) => one.kind === 'proposal' && proposalDescribes(one.proposal),
      )
    case 'application':
      return false
  }
}

function proposalDescribes(proposal: Proposal): boolean {
  switch (proposal.kind) {
    case 'app-data-update':
      return (
        proposal.componentId === componentIds.roomMetadata &&
        proposal.operation.kind === 'update' &&
        isDescription(proposal.operation.update)
      )
    case 'group-context-extensions':
      return extensionsDescribe(proposal.extensions)
    case 'add':
    case 'update':
    case 'remove':
    case 'pre-shared-key':
    case 'reinit':
    case 'external-init':
    case 'app-ephemeral':
    case 'self-remove':
      return false
  }
}

function extensionsDescribe(extensions: readonly Extension[]): boolean {
  const data = extensionData(extensions, extensionTypes.appDataDictionary)
  if (data === undefined) return false
  const metadata = componentData(decode(appDataDictionaryCodec, data), componentIds.roomMetadata)
  return metadata !== undefined && isDescription(metadata)
}

/** What is no room_metadata may say anything. */
function isDescription(data: Buffer): boolean {
  try {
    const { roomName, roomDescriptions, roomAvatar, roomSubject, roomMood } = decode(
      roomMetaDataCodec,
      data,
    )
    return roomDescriptions.length > 0 || [roomName, roomAvatar, roomSubject, roomMood].some(isSaid)
  } catch (error) {
    if (error instanceof WireError) return true
    throw error
  }
}

function isSaid(text: string): boolean {
  return text !== ''
}
