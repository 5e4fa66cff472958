import { decode } from '../../wire/codec.ts'
import { keyMaterialResponseCodec } from '../../wire/mimi/key-material.ts'
import type { KeyPackage } from '../../wire/mls/key-package.ts'
import type { Proposal } from '../../wire/mls/proposal.ts'
import { keyMaterialRequest, usableKeyMaterial } from '../mimi/key-material.ts'
import { addParticipants } from '../mimi/participant-changes.ts'
import { requiredOf, roles } from '../mimi/room-extensions.ts'
import { commitChange, type ChangeOutcome } from './change-room.ts'
import { roomIdentity, type ClientRoom, type ClientState } from './client-state.ts'

/** What a provider said to a request for key material, other than giving some. */
export type KeyMaterialRefusal =
  | 'incompatibleProtocol'
  | 'noCompatibleMaterial'
  | 'userUnknown'
  | 'noConsent'
  | 'noConsentForThisRoom'
  | 'userDeleted'

export type ClaimOutcome =
  | {
      readonly kind: 'claimed'
      readonly keyPackages: readonly KeyPackage[]
      readonly participant: string
    }
  | { readonly kind: 'no-key-material'; readonly status: KeyMaterialRefusal }

/**
 * Fetches a user's KeyPackages for a room and checks them. In a pseudonymous room each one's link must
 * lead to `user` by our connection. Throws `no-connection`, `invalid-pseudonym`, `invalid-answer`.
 */
export async function claimKeyPackages(
  state: ClientState,
  room: ClientRoom,
  user: string,
): Promise<ClaimOutcome> {
  const { suite, provider, clock, connections } = state
  const { links } = room
  const required = requiredOf(links !== undefined)
  const request = keyMaterialRequest(suite, roomIdentity(room), {
    requestingUser: room.participant,
    targetUser: user,
    room: room.uri,
    required,
  })
  const answer = await provider.operation('keyMaterial', user, request)
  const response = decode(keyMaterialResponseCodec, answer)
  if (response.userStatus !== 'success' && response.userStatus !== 'partialSuccess')
    return { kind: 'no-key-material', status: response.userStatus }
  const expectedUser = links === undefined ? user : undefined
  const usable = usableKeyMaterial(suite, response, { nowMs: clock(), required, expectedUser })
  if (usable === undefined) return { kind: 'no-key-material', status: 'noCompatibleMaterial' }
  for (const { leafNode } of usable.keyPackages) {
    const { credential } = leafNode
    if (links !== undefined && credential.kind === 'pseudonymous')
      links.learn(credential, connections.linkKey(user, credential))
  }
  return { kind: 'claimed', keyPackages: usable.keyPackages, participant: usable.participant }
}

/** Commits the Adds of claimed KeyPackages, and the participant if it is new. */
export function commitAdds(
  state: ClientState,
  room: ClientRoom,
  {
    keyPackages,
    participant,
    roleIndex = roles.member,
  }: { keyPackages: readonly KeyPackage[]; participant: string; roleIndex?: number },
): Promise<ChangeOutcome> {
  const adds = keyPackages.map((keyPackage): Proposal => ({ kind: 'add', keyPackage }))
  const isNew = !room.group.participants.some(({ user }) => user === participant)
  const list = isNew ? [addParticipants([{ user: participant, roleIndex }])] : []
  return commitChange(state, room, [...list, ...adds])
}
