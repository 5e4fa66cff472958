import { signFramedContent } from '../../src/client/mls/content-signature.ts'
import type { StagedCommit } from '../../src/client/mls/create-commit.ts'
import { signLabelled } from '../../src/mls-crypto/signatures.ts'
import { mlsSuite } from '../../src/mls-crypto/suite.ts'
import type { OwnKeyPackage } from '../../src/client/mls/key-package.ts'
import { signLeaf } from '../../src/client/mls/leaf.ts'
import type { MlsGroup } from '../../src/client/mls/mls-group.ts'
import type { Handshake } from '../../src/model/exchange.ts'
import { openGroup } from '../../src/rooms/group.ts'
import { roomState } from '../../src/rooms/room-state.ts'
import type { NewRoom } from '../../src/rooms/room-store.ts'
import { stageHandshake, type RoomEntry } from '../../src/rooms/staged-update.ts'
import { encode } from '../../src/wire/codec.ts'
import type { UpdatePath } from '../../src/wire/mls/commit.ts'
import type { FramedContent, PublicMessage, Sender } from '../../src/wire/mls/framing.ts'
import { groupInfoCodec } from '../../src/wire/mls/group-info.ts'
import { framedMessage } from '../../src/wire/mls/header.ts'
import { keyPackageTbs, type KeyPackage } from '../../src/wire/mls/key-package.ts'
import type { UnsignedLeafNode } from '../../src/wire/mls/leaf-node.ts'
import { mlsMessageCodec } from '../../src/wire/mls/message.ts'
import type { Proposal } from '../../src/wire/mls/proposal.ts'
import { NOW_MS } from './mls-members.ts'

export type CommitHandshake = Extract<Handshake, { kind: 'commit' }>

/** What a client hands in with its commit. */
export function commitHandshake(staged: StagedCommit): CommitHandshake {
  return {
    kind: 'commit',
    commit: framedMessage(publicBytes(staged.message)),
    welcome: undefined,
    welcomeRefs: staged.welcome?.secrets.map(({ newMember }) => newMember) ?? [],
    groupInfo: encode(groupInfoCodec, staged.groupInfo),
    ratchetTree: staged.ratchetTree,
  }
}

export function proposalsHandshake(...messages: readonly PublicMessage[]): Handshake {
  return {
    kind: 'proposals',
    proposals: messages.map((message) => framedMessage(publicBytes(message))),
  }
}

export function publicBytes(publicMessage: PublicMessage): Buffer {
  return encode(mlsMessageCodec, { kind: 'public', publicMessage })
}

/** The room as one of its members sees it now. */
export function newRoom(member: MlsGroup, room = 'mimi://a.example/r/clubhouse'): NewRoom {
  return {
    room,
    suite: 'identified',
    groupInfo: encode(groupInfoCodec, member.groupInfo()),
    ratchetTree: member.ratchetTree(),
    nowMs: NOW_MS,
  }
}

export function roomEntry(member: MlsGroup): RoomEntry {
  const room = newRoom(member)
  const group = openGroup(room)
  return { group, state: roomState(room, group) }
}

/** The room after a handshake that is expected to be accepted. */
export function followed(entry: RoomEntry, handshake: Handshake): RoomEntry {
  return stageHandshake(entry, handshake).after
}

/** A commit of these proposals, signed by the member, whatever the rules say; its tags are not real. */
export function forgedCommit(
  member: MlsGroup,
  proposals: readonly Proposal[],
  path?: UpdatePath,
): CommitHandshake {
  const listed = proposals.map((proposal) => ({ kind: 'proposal', proposal }) as const)
  const message = forged(member, { kind: 'commit', commit: { proposals: listed, path } })
  return {
    kind: 'commit',
    commit: framedMessage(publicBytes(message)),
    welcome: undefined,
    welcomeRefs: [],
    groupInfo: encode(groupInfoCodec, member.groupInfo()),
    ratchetTree: undefined,
  }
}

/** Content signed by a member in its epoch, with a sender of choice; its tags are not real. */
export function forged(
  member: MlsGroup,
  content: FramedContent['content'],
  sender: Sender = { kind: 'member', leafIndex: member.ownLeafIndex },
): PublicMessage {
  const { groupId, epoch } = member.context
  const framed = { groupId, epoch, sender, authenticatedData: Buffer.alloc(0), content }
  const tag = Buffer.alloc(32)
  return {
    content: framed,
    signature: signFramedContent(member.current, member.current.own.signer, {
      wireFormat: 1,
      content: framed,
    }),
    confirmationTag: content.kind === 'commit' ? tag : undefined,
    membershipTag: sender.kind === 'member' ? tag : undefined,
  }
}

/** A KeyPackage with parts of its leaf replaced, signed again. */
export function changedKeyPackage(
  own: OwnKeyPackage,
  changes: Partial<UnsignedLeafNode>,
): KeyPackage {
  const suite = mlsSuite(own.keyPackage.cipherSuite)
  const { signer } = own.identity
  const leafNode = signLeaf(suite, signer, {
    unsigned: { ...own.keyPackage.leafNode, ...changes },
    position: { groupId: Buffer.alloc(0), leafIndex: 0 },
  })
  const unsigned = { ...own.keyPackage, leafNode }
  const content = keyPackageTbs(unsigned)
  return {
    ...unsigned,
    signature: signLabelled(suite, signer, { label: 'KeyPackageTBS', content }),
  }
}
