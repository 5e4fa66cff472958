import { encode } from '../../wire/codec.ts'
import { participantListDataCodec, type UserRolePair } from '../../wire/mimi/participant-list.ts'
import { roomMetaDataCodec } from '../../wire/mimi/room-metadata.ts'
import {
  appDataDictionaryCodec,
  componentIds,
  componentListCodec,
  type ComponentData,
} from '../../wire/mls/app-data.ts'
import { requiredCapabilitiesCodec } from '../../wire/mls/capabilities.ts'
import { credentialTypes } from '../../wire/mls/credential.ts'
import { externalSendersCodec, type ExternalSender } from '../../wire/mls/external-sender.ts'
import { extensionTypes, type Extension } from '../../wire/mls/extension.ts'
import { proposalTypes } from '../../wire/mls/proposal.ts'

/** Role indices of this product's default room policy; 0 is no role at all. draft-ietf-mimi-room-policy §7 */
export const roles = { banned: 1, member: 2, moderator: 3, admin: 4 } as const

export interface RoomDescription {
  readonly room: string
  readonly name: string
  readonly pseudonymous: boolean
  readonly participants: readonly UserRolePair[]
  /** The hub's keys, as the hub gives them out. */
  readonly externalSender: ExternalSender
  /** FrankingAgentData. */
  readonly frankingAgent: Buffer
  /** More components, such as 0x8D01 (the pinned metadata suite). */
  readonly components?: readonly ComponentData[]
  /** Whether each leaf has to know component 0x8D01, where it is there. */
  readonly requiresPin?: boolean
}

/** The GroupContext extensions of a new room. draft-ietf-mimi-protocol-06 §7 */
export function roomExtensions(room: RoomDescription): readonly Extension[] {
  return [
    {
      type: extensionTypes.requiredCapabilities,
      data: encode(requiredCapabilitiesCodec, requiredOf(room.pseudonymous)),
    },
    {
      type: extensionTypes.externalSenders,
      data: encode(externalSendersCodec, [room.externalSender]),
    },
    {
      type: extensionTypes.appDataDictionary,
      data: encode(appDataDictionaryCodec, { componentData: componentsOf(room) }),
    },
  ]
}

/** What every client of a room must support. */
export function requiredOf(pseudonymous: boolean) {
  return {
    extensionTypes: [extensionTypes.appDataDictionary],
    proposalTypes: [
      proposalTypes['app-data-update'],
      proposalTypes['app-ephemeral'],
      proposalTypes['self-remove'],
    ],
    credentialTypes: [pseudonymous ? credentialTypes.pseudonymous : credentialTypes.basic],
  }
}

function componentsOf(room: RoomDescription): ComponentData[] {
  const { appComponents, safeAad, frankAad, identityLinkAdd, metadataRequirements } = componentIds
  const aadComponents = room.pseudonymous ? [frankAad, identityLinkAdd] : [frankAad]
  const data: ComponentData[] = [
    { componentId: safeAad, data: encode(componentListCodec, { components: aadComponents }) },
    { componentId: componentIds.frankingAgent, data: room.frankingAgent },
    {
      componentId: componentIds.participantList,
      data: encode(participantListDataCodec, { participants: room.participants }),
    },
    { componentId: componentIds.roomMetadata, data: encode(roomMetaDataCodec, metadataOf(room)) },
    ...(room.components ?? []),
  ]
  const isRequired = (id: number) => room.requiresPin !== false || id !== metadataRequirements
  const inRoom = data.map(({ componentId }) => componentId).filter(isRequired)
  const components = [appComponents, ...inRoom]
  const required = encode(componentListCodec, {
    components: [...components, ...aadComponents].toSorted((a, b) => a - b),
  })
  return [{ componentId: appComponents, data: required }, ...data].toSorted(
    (a, b) => a.componentId - b.componentId,
  )
}

function metadataOf({ room, name }: RoomDescription) {
  return {
    roomUri: room,
    roomName: name,
    roomDescriptions: [],
    roomAvatar: '',
    roomSubject: '',
    roomMood: '',
  }
}
