import type { ErrorCode } from '../model/errors.ts'
import { frankingAgentDataCodec } from '../wire/mimi/franking.ts'
import { roomMetaDataCodec } from '../wire/mimi/room-metadata.ts'
import { tokenKeysCodec } from '../wire/mimi/token-keys.ts'
import { componentData, componentIds, type AppDataDictionary } from '../wire/mls/app-data.ts'
import { readParticipants, type Participant } from './participants.ts'
import { readPin, type Pin } from './pin.ts'
import { policyComponents, readRoomPolicy, type RoomPolicy } from './room-policy.ts'
import { decodeOr } from './refusal.ts'

/** What a room keeps in its group's dictionary. draft-ietf-mimi-protocol-06 §7 */
export interface RoomComponents {
  /** Undefined where the group has no participant list. */
  readonly participants: readonly Participant[] | undefined
  /** The data of component 0x0021. */
  readonly frankingAgent: Buffer | undefined
  readonly policy: RoomPolicy
  readonly pin: Pin | undefined
}

/** What was read from a dictionary before: what has not changed need not be read again. */
export interface KnownComponents extends Pick<RoomComponents, 'policy'> {
  readonly components: ReadonlyMap<number, Buffer>
  readonly participants: readonly Participant[]
}

/** Reads and checks the components that the gateway knows. Throws `code`. */
export function readRoomComponents(
  dictionary: AppDataDictionary,
  code: ErrorCode,
  known?: KnownComponents,
): RoomComponents {
  const isKnown = (id: number): boolean => {
    const data = componentData(dictionary, id)
    const before = known?.components.get(id)
    return data === undefined ? before === undefined : before?.equals(data) === true
  }
  const list = componentData(dictionary, componentIds.participantList)
  const frankingAgent = componentData(dictionary, componentIds.frankingAgent)
  const metadata = componentData(dictionary, componentIds.roomMetadata)
  if (frankingAgent !== undefined) decodeOr(code, frankingAgentDataCodec, frankingAgent)
  const tokenKeys = componentData(dictionary, componentIds.tokenKeys)
  if (metadata !== undefined) decodeOr(code, roomMetaDataCodec, metadata)
  if (tokenKeys !== undefined) decodeOr(code, tokenKeysCodec, tokenKeys)
  return {
    participants:
      known !== undefined && list !== undefined && isKnown(componentIds.participantList)
        ? known.participants
        : list && readParticipants(list, code),
    frankingAgent,
    policy:
      known !== undefined && policyComponents.every(isKnown)
        ? known.policy
        : readRoomPolicy(dictionary, code),
    pin: readPin(dictionary, code),
  }
}
