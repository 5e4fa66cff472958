import type { ErrorCode } from '../model/errors.ts'
import { encode } from '../wire/codec.ts'
import { frankingAgentDataCodec } from '../wire/mimi/franking.ts'
import { roomMetaDataCodec } from '../wire/mimi/room-metadata.ts'
import { tokenKeysCodec } from '../wire/mimi/token-keys.ts'
import {
  appDataDictionaryCodec,
  componentData,
  componentIds,
  withComponent,
  type AppDataDictionary,
  type AppDataUpdate,
} from '../wire/mls/app-data.ts'
import { extensionData, extensionTypes, type Extension } from '../wire/mls/extension.ts'
import { applyParticipantUpdates } from './participants.ts'
import { decodeOr, refusal } from './refusal.ts'

/** The dictionary in a GroupContext's extensions; empty where there is none. Throws `code`. */
export function readDictionary(
  extensions: readonly Extension[],
  code: ErrorCode,
): AppDataDictionary {
  const data = extensionData(extensions, extensionTypes.appDataDictionary)
  return data === undefined ? { componentData: [] } : decodeOr(code, appDataDictionaryCodec, data)
}

/**
 * The GroupContext's extensions after the AppDataUpdates of one commit. The participant list is
 * changed by its own rules, everything else is replaced. Throws `invalid-proposal`.
 * draft-ietf-mls-extensions §4.7
 */
export function applyAppDataUpdates(
  extensions: readonly Extension[],
  updates: readonly AppDataUpdate[],
): readonly Extension[] {
  if (updates.length === 0) return extensions
  let dictionary = readDictionary(extensions, 'invalid-proposal')
  for (const componentId of new Set(updates.map((update) => update.componentId))) {
    const operations = updates
      .filter((update) => update.componentId === componentId)
      .map(({ operation }) => operation)
    const before = componentData(dictionary, componentId)
    dictionary = withComponent(
      dictionary,
      componentId,
      changed({ componentId, before, operations }),
    )
  }
  const data = encode(appDataDictionaryCodec, dictionary)
  const type = extensionTypes.appDataDictionary
  if (!extensions.some((extension) => extension.type === type))
    return [...extensions, { type, data }]
  return extensions.map((extension) => (extension.type === type ? { type, data } : extension))
}

interface ComponentChange {
  readonly componentId: number
  readonly before: Buffer | undefined
  readonly operations: readonly AppDataUpdate['operation'][]
}

function changed({ componentId, before, operations }: ComponentChange): Buffer | undefined {
  const updates = operations.flatMap((one) => (one.kind === 'update' ? [one.update] : []))
  if (updates.length < operations.length) {
    if (operations.length > 1) throw refusal('invalid-proposal', 'component-removed-and-changed')
    if (before === undefined) throw refusal('invalid-proposal', 'component-absent')
    if (lasting.has(componentId)) throw refusal('invalid-proposal', 'component-lasting')
    return undefined
  }
  if (componentId === componentIds.participantList) return applyParticipantUpdates(before, updates)
  const [update] = updates
  if (update === undefined || updates.length > 1)
    throw refusal('invalid-proposal', 'component-twice')
  // A list of links is patched by a struct that the draft leaves open: we could not follow it.
  if (componentId === componentIds.joinLinks) throw refusal('invalid-proposal', 'join-links')
  if (componentId === componentIds.roomMetadata)
    decodeOr('invalid-proposal', roomMetaDataCodec, update)
  if (componentId === componentIds.frankingAgent) {
    // A new agent needs a new group: messages franked under two keys in one group could not be told apart.
    if (before !== undefined) throw refusal('invalid-proposal', 'franking-agent-fixed')
    decodeOr('invalid-proposal', frankingAgentDataCodec, update)
  }
  if (componentId === componentIds.tokenKeys) decodeOr('invalid-proposal', tokenKeysCodec, update)
  return update
}

/** Components that a room cannot lose. */
const lasting: ReadonlySet<number> = new Set([
  componentIds.participantList,
  componentIds.frankingAgent,
  componentIds.metadataRequirements,
  componentIds.tokenKeys,
])
