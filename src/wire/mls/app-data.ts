import { ascending } from '../ascending.ts'
import {
  enumeration,
  nothing,
  opaque,
  select,
  struct,
  uint16,
  uint8,
  vector,
  type Codec,
  type Decoded,
} from '../codec.ts'
import {
  componentBytesMax,
  componentCountMax,
  componentListCountMax,
  handshakeBytesMax,
} from './limits.ts'

/** Component numbers of draft-ietf-mls-extensions, draft-ietf-mimi-protocol-06 and our private range. */
export const componentIds = {
  appComponents: 0x0001,
  safeAad: 0x0002,
  frankAad: 0x0020,
  frankingAgent: 0x0021,
  participantList: 0x0022,
  roomMetadata: 0x0023,
  operationalPolicy: 0x0024,
  rolesList: 0x0025,
  preauthList: 0x0026,
  baseRoomPolicy: 0x0027,
  joinLinks: 0x002a,
  assetPolicy: 0x002c,
  messageId: 0x0040,
  hubRetracted: 0x0050,
  hubRetractedRange: 0x0051,
  metadataRequirements: 0x8d01,
  identityLinkAdd: 0x8d10,
  consentTerms: 0x8d13,
  tokenKeys: 0x8d20,
  moderationNotice: 0xf0a1,
} as const

/** `ComponentID components<V>`: the content of components 0x0001 and 0x0002. draft-ietf-mls-extensions §4.5 */
export const componentListCodec = struct({
  components: vector(uint16, {
    countMax: componentListCountMax,
    bytesMax: 2 * componentListCountMax,
  }),
})

const componentDataCodec = struct({ componentId: uint16, data: opaque(componentBytesMax) })
export type ComponentData = Decoded<typeof componentDataCodec>

/** A list by component id, each at most once; any other order is `not-ascending`. */
export function ascendingComponents<T extends { readonly componentId: number }>(
  element: Codec<T>,
): Codec<readonly T[]> {
  const list = vector(element, { countMax: componentCountMax, bytesMax: handshakeBytesMax })
  return ascending(list, (one, next) => one.componentId < next.componentId)
}

/** The content of extension 6. draft-ietf-mls-extensions §4.6 */
export const appDataDictionaryCodec = struct({
  componentData: ascendingComponents(componentDataCodec),
})
export type AppDataDictionary = Decoded<typeof appDataDictionaryCodec>

/** `AppDataUpdate`: proposal type 8. draft-ietf-mls-extensions §4.7 */
export const appDataUpdateCodec = struct({
  componentId: uint16,
  operation: select(enumeration({ update: 1, remove: 2 }, uint8), {
    update: struct({ update: opaque(componentBytesMax) }),
    remove: nothing,
  }),
})
export type AppDataUpdate = Decoded<typeof appDataUpdateCodec>

/** `AppEphemeral`: proposal type 9. draft-ietf-mls-extensions §4.8 */
export const appEphemeralCodec = struct({ componentId: uint16, data: opaque(componentBytesMax) })
export type AppEphemeral = Decoded<typeof appEphemeralCodec>

/** The data of one component, or undefined. */
export function componentData(dictionary: AppDataDictionary, id: number): Buffer | undefined {
  return dictionary.componentData.find(({ componentId }) => componentId === id)?.data
}

/** The dictionary with one component set, or taken out where `data` is undefined. */
export function withComponent(
  dictionary: AppDataDictionary,
  componentId: number,
  data: Buffer | undefined,
): AppDataDictionary {
  const others = dictionary.componentData.filter((item) => item.componentId !== componentId)
  const all = data === undefined ? others : [...others, { componentId, data }]
  return { componentData: all.toSorted((a, b) => a.componentId - b.componentId) }
}
