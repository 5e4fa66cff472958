import type { ErrorCode } from '../model/errors.ts'
import type { RoomAuthKey } from '../model/room-auth-key.ts'
import { componentIds } from '../wire/mls/app-data.ts'
import type { ExternalSender } from '../wire/mls/external-sender.ts'
import { readDictionary } from './app-data-changes.ts'
import { externalSenders, type Group } from './group.ts'
import { domainsOf } from './leaf-identity.ts'
import { memberOf, type Member } from './member.ts'
import type { Participant } from './participants.ts'
import type { Pin } from './pin.ts'
import { roomAuthKeysAfter } from './room-auth-keys.ts'
import { readRoomComponents } from './room-components.ts'
import type { RoomPolicy } from './room-policy.ts'
import type { CommitEffect } from './stage-commit.ts'
import { leavesOf } from './tree.ts'

/** The public state of a room in one epoch. Never changed: an accepted commit makes the next one. */
export interface RoomState {
  readonly room: string
  /** The name of the metadata suite: the pinned one, or else the one named at creation. */
  readonly suite: string
  /** What the group itself agrees on; undefined where only we know the suite. */
  readonly pin: Pin | undefined
  readonly policy: RoomPolicy
  readonly groupId: Buffer
  readonly epoch: bigint
  /** The code of the MLS cipher suite. */
  readonly ciphersuite: number
  readonly participants: readonly Participant[]
  /** The distinct domains of the participants. */
  readonly providers: readonly string[]
  readonly members: readonly Member[]
  /** FrankingAgentData: the data of component 0x0021. */
  readonly frankingAgent: Buffer | undefined
  readonly externalSenders: readonly ExternalSender[]
  /** All components of the GroupContext's dictionary by their id. */
  readonly components: ReadonlyMap<number, Buffer>
  readonly treeHash: Buffer
  readonly confirmedTranscriptHash: Buffer
  /** What proves membership now, the newest first; none where the epoch's committer gave no key. */
  readonly roomAuthKeys: readonly RoomAuthKey[]
  /** ProposalRefs of the proposals that wait for a commit. */
  readonly pendingProposals: readonly Buffer[]
}

/** Throws `invalid-group-info` where a component or extension of the group is malformed. */
export function roomState(room: NamedRoom, group: Group): RoomState {
  return stateOf(room, group, { code: 'invalid-group-info' })
}

/** The state of the epoch after `before`. Throws `invalid-proposal` where a component is malformed. */
export function nextRoomState(
  before: RoomState,
  { next, removed }: Pick<CommitEffect, 'next' | 'removed'>,
): RoomState {
  const state = stateOf(before, next, { code: 'invalid-proposal', before })
  const anyRemoved = removed.length > 0
  const keys = roomAuthKeysAfter(before.roomAuthKeys, next.roomAuthKey, anyRemoved)
  return { ...state, roomAuthKeys: keys }
}

interface NamedRoom {
  readonly room: string
  readonly suite: string
}

function stateOf(
  { room, suite }: NamedRoom,
  group: Group,
  { code, before }: { readonly code: ErrorCode; readonly before?: RoomState },
): RoomState {
  const { context } = group
  const dictionary = readDictionary(context.extensions, code)
  const read = readRoomComponents(dictionary, code, before)
  const { participants = NOBODY, frankingAgent, policy, pin } = read
  return {
    room,
    suite,
    pin,
    policy,
    groupId: context.groupId,
    epoch: context.epoch,
    ciphersuite: context.cipherSuite,
    participants,
    providers:
      before?.participants === participants
        ? before.providers
        : domainsOf(participants.map(({ user }) => user)),
    members: [...leavesOf(group.tree)].map(([leafIndex, leaf]) => memberOf(leafIndex, leaf)),
    frankingAgent,
    externalSenders: externalSenders(group),
    components: new Map(
      dictionary.componentData.map(({ componentId, data }) => [componentId, data]),
    ),
    treeHash: context.treeHash,
    confirmedTranscriptHash: context.confirmedTranscriptHash,
    roomAuthKeys: roomAuthKeysAfter([], group.roomAuthKey, false),
    pendingProposals: [...group.pending.values()].map(({ reference }) => reference),
  }
}

const NOBODY: readonly Participant[] = []

/** Whether the group keeps a participant list at all. */
export function hasParticipantList({ components }: RoomState): boolean {
  return components.has(componentIds.participantList)
}
