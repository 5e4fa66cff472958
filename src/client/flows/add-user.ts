import { decode } from '../../wire/codec.ts'
import { keyMaterialResponseCodec } from '../../wire/mimi/key-material.ts'
import type { KeyPackage } from '../../wire/mls/key-package.ts'
import type { Proposal } from '../../wire/mls/proposal.ts'
import { demand } from '../errors.ts'
import { keyMaterialRequest, usableKeyMaterial } from '../mimi/key-material.ts'
import { addParticipants } from '../mimi/participant-changes.ts'
import { requiredOf } from '../mimi/room-extensions.ts'
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

/** Fetches a user's KeyPackages for a room and checks them. Throws as `checkKeyPackages`. */
export async function claimKeyPackages(
  state: ClientState,
  room: ClientRoom,
  user: string,
): Promise<ClaimOutcome> {
  const request = keyMaterialRequest(state.suite, roomIdentity(room), {
    requestingUser: room.participant,
    targetUser: user,
    room: room.uri,
    required: requiredOf(room.links !== undefined),
  })
  const answer = await state.provider.operation('keyMaterial', user, request)
  const { userStatus, clients } = decode(keyMaterialResponseCodec, answer)
  if (userStatus !== 'success' && userStatus !== 'partialSuccess')
    return { kind: 'no-key-material', status: userStatus }
  const keyPackages = clients.flatMap((client) =>
    client.clientStatus === 'success' ? [client.keyPackage.value] : [],
  )
  return checkKeyPackages(state, room, { user, keyPackages })
}

/**
 * What can be used of KeyPackages that are said to be `user`'s. In a pseudonymous room each one's link
 * must lead to that user by our connection. Throws `no-connection`, `invalid-pseudonym`,
 * `decryption-failed`, `invalid-answer`.
 */
export function checkKeyPackages(
  { suite, clock, connections }: ClientState,
  { links }: ClientRoom,
  { user, keyPackages }: { user: string; keyPackages: readonly KeyPackage[] },
): ClaimOutcome {
  const usable = usableKeyMaterial(suite, keyPackages, {
    nowMs: clock(),
    required: requiredOf(links !== undefined),
    expectedUser: links === undefined ? user : undefined,
  })
  if (usable === undefined) return { kind: 'no-key-material', status: 'noCompatibleMaterial' }
  for (const { leafNode } of usable.keyPackages) {
    const { credential } = leafNode
    if (links === undefined) continue
    demand(credential.kind === 'pseudonymous', 'invalid-pseudonym')
    links.learn(credential, connections.linkKey(user, credential))
  }
  return { kind: 'claimed', ...usable }
}

/** Commits the Adds of claimed KeyPackages, and the participant if it is new. */
export function commitAdds(
  state: ClientState,
  room: ClientRoom,
  {
    keyPackages,
    participant,
    roleIndex,
  }: { keyPackages: readonly KeyPackage[]; participant: string; roleIndex: number },
): Promise<ChangeOutcome> {
  const adds = keyPackages.map((keyPackage): Proposal => ({ kind: 'add', keyPackage }))
  const isNew = !room.group.participants.some(({ user }) => user === participant)
  const list = isNew ? [addParticipants([{ user: participant, roleIndex }])] : []
  return commitChange(state, room, [...list, ...adds])
}
