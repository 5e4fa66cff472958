import { decode, encode } from '../../wire/codec.ts'
import { WireError } from '../../wire/errors.ts'
import {
  appDataDictionaryCodec,
  componentData,
  componentIds,
  withComponent,
  type AppDataDictionary,
  type AppDataUpdate,
} from '../../wire/mls/app-data.ts'
import { extensionData, extensionTypes, type Extension } from '../../wire/mls/extension.ts'
import {
  participantListDataCodec,
  participantListUpdateCodec,
  type ParticipantListUpdate,
  type UserRolePair,
} from '../../wire/mimi/participant-list.ts'
import { ClientError, demand } from '../errors.ts'

/** The `app_data_dictionary` of a GroupContext; empty where there is none. Throws `WireError`. */
export function appDataDictionary(extensions: readonly Extension[]): AppDataDictionary {
  const data = extensionData(extensions, extensionTypes.appDataDictionary)
  return data === undefined ? { componentData: [] } : decode(appDataDictionaryCodec, data)
}

/** The participants in their order; none where the group has no participant list. */
export function participantsOf(extensions: readonly Extension[]): readonly UserRolePair[] {
  const data = componentData(appDataDictionary(extensions), componentIds.participantList)
  return data === undefined ? [] : decode(participantListDataCodec, data).participants
}

/**
 * The extensions after the AppDataUpdates of one commit, in their order. The participant list is patched,
 * every other component is replaced as a whole. Throws `invalid-participant-list`, `invalid-proposal`.
 * draft-ietf-mls-extensions §4.7, draft-ietf-mimi-protocol-06 §7.5
 */
export function applyAppDataUpdates(
  extensions: readonly Extension[],
  updates: readonly AppDataUpdate[],
): readonly Extension[] {
  if (updates.length === 0) return extensions
  demandOnePerComponent(updates)
  let dictionary = appDataDictionary(extensions)
  for (const update of updates) demandLasting(dictionary, update)
  const before = componentData(dictionary, componentIds.participantList)
  for (const { componentId, operation } of updates)
    dictionary = withComponent(
      dictionary,
      componentId,
      operation.kind === 'remove' ? undefined : operation.update,
    )
  const listUpdates = updates.filter(
    (update) => update.componentId === componentIds.participantList,
  )
  if (listUpdates.length > 0) {
    const list = patchParticipantList(before, listUpdates)
    dictionary = withComponent(dictionary, componentIds.participantList, list)
  }
  return withDictionary(extensions, dictionary)
}

/**
 * The list after the updates of one commit. All indices count in the list before the commit, because
 * proposals of one epoch do not know each other; no user may be touched twice.
 * Throws `invalid-participant-list`. draft-ietf-mimi-protocol-06 §7.5
 */
function patchParticipants(
  participants: readonly UserRolePair[],
  updates: readonly ParticipantListUpdate[],
): readonly UserRolePair[] {
  const changed = updates.flatMap(({ changedRoleParticipants }) => changedRoleParticipants)
  const removed = updates.flatMap(({ removedIndices }) => removedIndices)
  const added = updates.flatMap(({ addedParticipants }) => addedParticipants)
  const touched = [...changed.map(({ userIndex }) => userIndex), ...removed]
  demand(new Set(touched).size === touched.length, 'invalid-participant-list')
  demand(
    touched.every((index) => index < participants.length),
    'invalid-participant-list',
  )
  const users = [...participants, ...added].map(({ user }) => user)
  demand(new Set(users).size === users.length, 'invalid-participant-list')
  const roles = new Map(changed.map((change) => [change.userIndex, change.roleIndex]))
  const gone = new Set(removed)
  const kept = participants
    .map(({ user, roleIndex }, index) => ({ user, roleIndex: roles.get(index) ?? roleIndex }))
    .filter((_, index) => !gone.has(index))
  return [...kept, ...added]
}

function patchParticipantList(
  before: Buffer | undefined,
  updates: readonly AppDataUpdate[],
): Buffer {
  if (before === undefined) throw new ClientError('invalid-participant-list')
  const payloads = updates.map(({ operation }) => {
    if (operation.kind === 'remove') throw new ClientError('invalid-participant-list')
    return operation.update
  })
  try {
    const { participants } = decode(participantListDataCodec, before)
    const patches = payloads.map((payload) => decode(participantListUpdateCodec, payload))
    return encode(participantListDataCodec, {
      participants: patchParticipants(participants, patches),
    })
  } catch (error) {
    if (error instanceof WireError)
      throw new ClientError('invalid-participant-list', { cause: error })
    throw error
  }
}

/** What a room has of these it keeps; a new franking agent needs a new group. */
function demandLasting(
  dictionary: AppDataDictionary,
  { componentId, operation }: AppDataUpdate,
): void {
  const { frankingAgent, metadataRequirements, participantList, tokenKeys } = componentIds
  if (componentId === frankingAgent)
    demand(componentData(dictionary, frankingAgent) === undefined, 'invalid-proposal')
  const lasting = new Set<number>([frankingAgent, metadataRequirements, participantList, tokenKeys])
  demand(!lasting.has(componentId) || operation.kind === 'update', 'invalid-proposal')
}

/** Two replacements of one component would make the result depend on their order. */
function demandOnePerComponent(updates: readonly AppDataUpdate[]): void {
  const ids = updates
    .map(({ componentId }) => componentId)
    .filter((id) => id !== componentIds.participantList)
  demand(new Set(ids).size === ids.length, 'invalid-proposal')
}

/** Extension 6 keeps its place; a group that had none gets it at the end. */
function withDictionary(
  extensions: readonly Extension[],
  dictionary: AppDataDictionary,
): readonly Extension[] {
  const type = extensionTypes.appDataDictionary
  const extension = { type, data: encode(appDataDictionaryCodec, dictionary) }
  if (extensionData(extensions, type) === undefined) return [...extensions, extension]
  return extensions.map((other) => (other.type === type ? extension : other))
}
