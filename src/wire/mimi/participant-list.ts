import { struct, text, uint32, vector, type Decoded } from '../codec.ts'
import { bodyBytesMax } from './bounds.ts'
import { uriBytesMax } from './protocol.ts'

/** Users of one room. */
const participantCountMax = 16_384

/** A user (URI or pseudonym) and the index of the role. draft-ietf-mimi-protocol-06 §7.5 */
export const userRolePairCodec = struct({ user: text(uriBytesMax), roleIndex: uint32 })
export type UserRolePair = Decoded<typeof userRolePairCodec>

const participants = vector(userRolePairCodec, {
  countMax: participantCountMax,
  bytesMax: bodyBytesMax,
})

/** The GroupContext component 0x0022 `participant_list`. draft-ietf-mimi-protocol-06 §7.5 */
export const participantListDataCodec = struct({ participants })

/** A position in the current participant list and its new role. draft-ietf-mimi-protocol-06 §7.5 */
export const userindexRolePairCodec = struct({ userIndex: uint32, roleIndex: uint32 })

const indexVector = { countMax: participantCountMax, bytesMax: bodyBytesMax }

/** The `update` of an AppDataUpdate of component 0x0022. draft-ietf-mimi-protocol-06 §7.5 */
export const participantListUpdateCodec = struct({
  changedRoleParticipants: vector(userindexRolePairCodec, indexVector),
  removedIndices: vector(uint32, indexVector),
  addedParticipants: participants,
})
export type ParticipantListUpdate = Decoded<typeof participantListUpdateCodec>
