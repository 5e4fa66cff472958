import { WireError } from '../wire/errors.ts'
import type { UpdateRequest, UpdateRoomResponse } from '../wire/mimi/update.ts'
import type { GroupInfo } from '../wire/mls/group-info.ts'
import { GatewayError } from '../model/errors.ts'
import { parseCommit, type FramedCommit, type FramedProposal } from './handshake.ts'
import { mayAct } from './hub-event.ts'
import { leafOf, readLeaves, type Leaf } from './leaves.ts'
import { DsProblem } from './problems.ts'
import { mayJoin, readGroup, type Group, type RoomState } from './rooms.ts'

export type CommitBundle = Extract<UpdateRequest, { readonly kind: 'commit' }>

/** What the hub knows when a commit arrives. */
export interface CommitCase {
  readonly state: RoomState
  readonly leaves: readonly (Leaf | undefined)[]
  readonly pending: readonly FramedProposal[]
  readonly bundle: CommitBundle
  /** The provider that speaks for the committer. */
  readonly origin: string
}

export type CommitJudgement =
  | { readonly kind: 'refused'; readonly response: UpdateRoomResponse }
  | {
      readonly kind: 'accepted'
      readonly group: Group
      readonly groupInfo: Buffer
      readonly ratchetTree: Buffer
      readonly leaves: readonly (Leaf | undefined)[]
      /** Leaf indices that the commit removes. */
      readonly removed: ReadonlySet<number>
    }

/**
 * Whether a commit may become the next epoch of its room. Checked: group, epoch, committer, pending
 * proposals, and that the new GroupInfo and tree follow and hold participants only. Signatures and
 * hashes are the gateway's to check: it follows the room.
 */
export function judgeCommit(given: CommitCase): CommitJudgement {
  const { state, bundle } = given
  const framed = parseCommit(bundle.proposalOrCommit.bytes)
  if (!framed.groupId.equals(state.groupId)) return refused(NOT_ALLOWED)
  if (framed.epoch !== state.epoch)
    return refused({
      responseCode: 'wrongEpoch',
      errorDescription: '',
      currentEpoch: state.epoch,
    })
  const committer = committerOf(given, framed)
  const joins =
    framed.sender.kind === 'new-member-commit' && mayJoin(state, committer, given.origin)
  if (!joins && !mayAct(state, committer, given.origin)) return refused(NOT_ALLOWED)
  const removed = removedLeaves(given, framed)
  const invalidProposals = wrongReferences(given, framed, removed)
  if (invalidProposals.length > 0)
    return refused({ responseCode: 'invalidProposal', errorDescription: '', invalidProposals })
  if (framed.sender.kind === 'new-member-commit' && !removesOnly(given, removed, committer))
    return refused(NOT_ALLOWED)
  return nextGroup(given, removed)
}

function committerOf({ leaves }: CommitCase, { sender, commit }: FramedCommit): string | undefined {
  switch (sender.kind) {
    case 'member':
      return leaves[sender.leafIndex]?.identity
    case 'new-member-commit':
      return commit.path === undefined ? undefined : leafOf(commit.path.leafNode).identity
    case 'external':
    case 'new-member-proposal':
      return undefined
  }
}

/** References that nobody proposed, or else the pending ones that the commit leaves out. */
function wrongReferences(
  { pending }: CommitCase,
  { commit, sender }: FramedCommit,
  removed: ReadonlySet<number>,
): readonly Buffer[] {
  const referenced = commit.proposals.flatMap((item) =>
    item.kind === 'reference' ? [item.reference] : [],
  )
  const unknown = referenced.filter((ref) => !pending.some((known) => known.ref.equals(ref)))
  // An external commit cannot carry other proposals by reference: it ends them. RFC 9420 §12.2
  if (unknown.length > 0 || sender.kind === 'new-member-commit') return unknown
  return pending
    .filter(({ ref }) => !referenced.some((other) => other.equals(ref)))
    .filter((proposal) => !mayBeLeftOut(proposal, sender, removed))
    .map(({ ref }) => ref)
}

/** A committer cannot commit its own Update, and an Update of a leaf that goes has nothing to update. */
function mayBeLeftOut(
  { proposal, sender }: FramedProposal,
  committer: FramedCommit['sender'],
  removed: ReadonlySet<number>,
): boolean {
  if (proposal.kind !== 'update' || sender.kind !== 'member') return false
  const own = committer.kind === 'member' && committer.leafIndex === sender.leafIndex
  return own || removed.has(sender.leafIndex)
}

function removedLeaves({ pending }: CommitCase, { commit }: FramedCommit): ReadonlySet<number> {
  const removed = new Set<number>()
  for (const item of commit.proposals) {
    if (item.kind === 'proposal') {
      if (item.proposal.kind === 'remove') removed.add(item.proposal.removed)
      continue
    }
    const known = pending.find(({ ref }) => ref.equals(item.reference))
    if (known?.proposal.kind === 'remove') removed.add(known.proposal.removed)
    if (known?.proposal.kind === 'self-remove' && known.sender.kind === 'member')
      removed.add(known.sender.leafIndex)
  }
  return removed
}

/** An external commit may take out what leaves by itself, and leaves of its own user. */
function removesOnly(
  { leaves, pending }: CommitCase,
  removed: ReadonlySet<number>,
  user: string,
): boolean {
  const leaving = new Set(
    pending.flatMap(({ proposal, sender }) =>
      proposal.kind === 'self-remove' && sender.kind === 'member' ? [sender.leafIndex] : [],
    ),
  )
  return [...removed].every((index) => leaving.has(index) || leaves[index]?.identity === user)
}

function nextGroup({ state, bundle }: CommitCase, removed: ReadonlySet<number>): CommitJudgement {
  const { groupInfoOption, ratchetTreeOption } = bundle
  // A hub that builds partial GroupInfos itself would have to follow the group: the gateway's work.
  if (groupInfoOption.representation !== 'full' || ratchetTreeOption.representation !== 'full')
    return refused(NOT_ALLOWED)
  const { value, bytes } = groupInfoOption.groupInfo
  const read = readNext(value, ratchetTreeOption.ratchetTree)
  if (read === undefined) return refused(NOT_ALLOWED)
  const { group, leaves } = read
  const follows =
    group.groupId.equals(state.groupId) &&
    group.epoch === state.epoch + 1n &&
    group.ciphersuite.code === state.ciphersuite.code
  if (!follows || !holdsParticipantsOnly(group, leaves)) return refused(NOT_ALLOWED)
  const { ratchetTree } = ratchetTreeOption
  return { kind: 'accepted', group, groupInfo: bytes, ratchetTree, leaves, removed }
}

/** Every client in the group belongs to a user in the participant list. */
export function holdsParticipantsOnly(
  { participants }: Group,
  leaves: readonly (Leaf | undefined)[],
): boolean {
  return leaves.every(
    (leaf) =>
      leaf === undefined || (leaf.identity !== undefined && participants.has(leaf.identity)),
  )
}

function readNext(
  groupInfo: GroupInfo,
  ratchetTree: Buffer,
): { group: Group; leaves: readonly (Leaf | undefined)[] } | undefined {
  try {
    return { group: readGroup(groupInfo), leaves: readLeaves(ratchetTree) }
  } catch (error) {
    const isInput =
      error instanceof WireError || error instanceof DsProblem || error instanceof GatewayError
    if (isInput) return undefined
    throw error
  }
}

function refused(response: UpdateRoomResponse): CommitJudgement {
  return { kind: 'refused', response }
}

/** Says nothing about why. */
export const NOT_ALLOWED: UpdateRoomResponse = { responseCode: 'notAllowed', errorDescription: '' }
