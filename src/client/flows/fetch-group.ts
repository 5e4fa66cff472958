import { decode } from '../../wire/codec.ts'
import { groupInfoResponseCodec } from '../../wire/mimi/group-info.ts'
import { groupInfoRequest, openGroupInfoResponse, type PublishedRoom } from '../mimi/group-info.ts'
import type { LeafIdentity } from '../mls/key-package.ts'
import type { ClientState } from './client-state.ts'

export type FetchedGroup =
  | { readonly kind: 'published'; readonly room: PublishedRoom }
  | { readonly kind: 'no-such-room' }
  | { readonly kind: 'not-allowed' }

/** Asks a room's hub for its group. Throws what `openGroupInfoResponse` throws. */
export async function fetchGroup(
  { suite, provider, randomness }: ClientState,
  room: string,
  identity: LeafIdentity,
): Promise<FetchedGroup> {
  const { bytes, keys } = groupInfoRequest(suite, identity, randomness)
  const answer = await provider.operation('groupInfo', room, bytes)
  const response = decode(groupInfoResponseCodec, answer)
  switch (response.status) {
    case 'noSuchRoom':
      return { kind: 'no-such-room' }
    case 'notAuthorized':
      return { kind: 'not-allowed' }
    case 'success':
      return { kind: 'published', room: openGroupInfoResponse(suite, response, { room, keys }) }
  }
}
