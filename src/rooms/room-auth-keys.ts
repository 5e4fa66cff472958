import type { RoomAuthKey } from '../model/room-auth-key.ts'
import { fixed } from '../wire/codec.ts'
import { extensionData, extensionTypes } from '../wire/mls/extension.ts'
import type { GroupInfo } from '../wire/mls/group-info.ts'
import { decodeOr } from './refusal.ts'

/**
 * The key that a committer gives with its GroupInfo, whose signature covers it together with the group,
 * the epoch and its transcript; undefined where it gives none. Throws `invalid-group-info`.
 */
export function givenRoomAuthKey({ groupContext, extensions }: GroupInfo): RoomAuthKey | undefined {
  const data = extensionData(extensions, extensionTypes.roomAuthKey)
  if (data === undefined) return undefined
  const publicKey = decodeOr('invalid-group-info', roomAuthKeyCodec, data)
  return { mlsEpoch: groupContext.epoch, publicKey }
}

/**
 * The keys that prove membership in an epoch, the newest first; none where its committer gave none. The
 * key of the epoch before is among them unless a leaf went: then whoever holds it is a member still, and
 * need not know of the commit yet.
 */
export function roomAuthKeysAfter(
  before: readonly RoomAuthKey[],
  given: RoomAuthKey | undefined,
  anyRemoved: boolean,
): readonly RoomAuthKey[] {
  if (given === undefined) return []
  return anyRemoved ? [given] : [given, ...before.slice(0, 1)]
}

const roomAuthKeyCodec = fixed(32)
