import { hash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { GatewayError } from '../model/errors.ts'
import type { RoomAuthKey } from '../model/room-auth-key.ts'
import { cipherSuite, type CipherSuite } from '../wire/mls/cipher-suite.ts'
import { extensionData, extensionTypes } from '../wire/mls/extension.ts'
import { externalSendersCodec, type ExternalSender } from '../wire/mls/external-sender.ts'
import type { Sender } from '../wire/mls/framing.ts'
import {
  groupInfoCodec,
  groupInfoTbs,
  type GroupContext,
  type GroupInfo,
} from '../wire/mls/group-info.ts'
import { leafNodeTbs, type LeafNode } from '../wire/mls/leaf-node.ts'
import type { Proposal } from '../wire/mls/proposal.ts'
import { verifyWithLabel } from '../wire/mls/sign-with-label.ts'
import { Writer } from '../wire/writer.ts'
import { readDictionary } from './app-data-changes.ts'
import { checkCapabilities } from './leaf-rules.ts'
import { memberOf } from './member.ts'
import { givenRoomAuthKey } from './room-auth-keys.ts'
import { readRoomComponents } from './room-components.ts'
import { decodeOr, refusal } from './refusal.ts'
import { treeHash } from './tree-hash.ts'
import { treeValidation } from './tree-validation.ts'
import { leafAt, leavesOf, parseTree, treeBytes, type PublicTree } from './tree.ts'

/** A proposal that waits for a commit. */
export interface PendingProposal {
  readonly reference: Buffer
  readonly proposal: Proposal
  readonly sender: Sender
  /** The whole MLSMessage. */
  readonly message: Buffer
}

/** The public state of a group in one epoch. Never changed: a commit makes the next one. */
export interface Group {
  readonly suite: CipherSuite
  readonly context: GroupContext
  readonly confirmationTag: Buffer
  readonly tree: PublicTree
  /** By the hex of the reference. */
  readonly pending: ReadonlyMap<string, PendingProposal>
  /** As the signer of its GroupInfo gave it. */
  readonly roomAuthKey: RoomAuthKey | undefined
}

export interface OpenOptions {
  /** The GroupInfo struct, without the header of an MLSMessage. */
  readonly groupInfo: Buffer
  /** `optional<Node> ratchet_tree<V>` with its length. */
  readonly ratchetTree: Buffer
  /** For what we verified before we stored it: signatures of leaves and parent hashes are taken as read. */
  readonly verified?: boolean
}

/**
 * Opens a group from its GroupInfo and tree.
 * Throws `invalid-group-info`, `invalid-tree`, `invalid-signature`. RFC 9420 §12.4.3.1
 */
export function openGroup(options: OpenOptions): Group {
  const steps = opening(options)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** The same, with room for other work in between: a large group takes many signatures. */
export async function openGroupInSlices(options: OpenOptions): Promise<Group> {
  const steps = opening(options)
  for (let count = 1; ; count++) {
    const step = steps.next()
    if (step.done === true) return step.value
    if (step.value === 'much' || count % STEPS_IN_A_SLICE === 0) await setImmediate()
  }
}

/** A step is a signature, or a node of the tree; `much` says that it was as much as a slice. */
function* opening({
  groupInfo: bytes,
  ratchetTree,
  verified = false,
}: OpenOptions): Generator<'much' | undefined, Group> {
  const groupInfo = decodeOr('invalid-group-info', groupInfoCodec, bytes)
  const { groupContext: context, confirmationTag } = groupInfo
  const suite = cipherSuite(context.cipherSuite)
  if (suite === undefined) throw refusal('invalid-group-info', 'cipher-suite')
  const tree = parseTree(suite.hash, ratchetTree)
  if (!verified) yield 'much'
  const roomAuthKey = givenRoomAuthKey(groupInfo)
  const pending = new Map()
  const group: Group = { suite, context, confirmationTag, tree, pending, roomAuthKey }
  checkGroupInfoSignature(group, groupInfo)
  if (!treeHash(tree).equals(context.treeHash)) throw refusal('invalid-tree', 'tree-hash')
  if (verified) return group
  yield 'much'
  checkEmbeddedTree(group, groupInfo)
  yield* treeValidation(tree)
  for (const [leafIndex, leaf] of leavesOf(tree)) {
    checkLeafSignature(group, leafIndex, leaf)
    // Remembered with the leaf: here it is one of many steps, later it would be a long one.
    memberOf(leafIndex, leaf)
    yield
  }
  checkCapabilities(tree, context, 'invalid-tree')
  externalSenders(group)
  readRoomComponents(readDictionary(context.extensions, 'invalid-group-info'), 'invalid-group-info')
  return group
}

/** The GroupInfo is signed by a member of this group. Throws `invalid-group-info`, `invalid-signature`. */
export function checkGroupInfoSignature(group: Group, groupInfo: GroupInfo): void {
  const signer = leafAt(group.tree, groupInfo.signer)
  if (signer === undefined) throw refusal('invalid-group-info', 'signer')
  const valid = verifyWithLabel({
    cipherSuite: group.suite.code,
    publicKey: signer.signatureKey,
    label: 'GroupInfoTBS',
    content: groupInfoTbs(groupInfo),
    signature: groupInfo.signature,
  })
  if (!valid) throw refusal('invalid-signature', 'group-info')
}

/** A tree inside a GroupInfo is the group's tree. Throws `invalid-tree`. */
export function checkEmbeddedTree({ tree }: Group, { extensions }: GroupInfo): void {
  const embedded = extensionData(extensions, extensionTypes.ratchetTree)
  if (embedded !== undefined && !embedded.equals(treeBytes(tree)))
    throw refusal('invalid-tree', 'embedded-tree')
}

/** Throws `invalid-signature`. RFC 9420 §7.3 */
export function checkLeafSignature(group: Group, leafIndex: number, leaf: LeafNode): void {
  const valid = verifyWithLabel({
    cipherSuite: group.suite.code,
    publicKey: leaf.signatureKey,
    label: 'LeafNodeTBS',
    content: leafNodeTbs(leaf, { groupId: group.context.groupId, leafIndex }),
    signature: leaf.signature,
  })
  if (!valid) throw refusal('invalid-signature', 'leaf')
}

/** Throws `invalid-group-info` where the extension is malformed. RFC 9420 §12.1.8.1 */
export function externalSenders({ context }: Pick<Group, 'context'>): readonly ExternalSender[] {
  const data = extensionData(context.extensions, extensionTypes.externalSenders)
  if (data === undefined) return []
  return decodeOr('invalid-group-info', externalSendersCodec, data)
}

/** Of the epoch's end: what the next commit is hashed onto. RFC 9420 §8.2 */
export function interimTranscriptHash({ suite, context, confirmationTag }: Group): Buffer {
  const writer = new Writer()
  writer.fixed(context.confirmedTranscriptHash)
  writer.opaque(confirmationTag)
  return hash(suite.hash, writer.take(), 'buffer')
}

/** Throws `wrong-epoch` with the fact `currentEpoch` (decimal digits), `invalid-commit` for another group. */
export function checkEpoch({ context }: Group, message: { groupId: Buffer; epoch: bigint }): void {
  if (!message.groupId.equals(context.groupId)) throw refusal('invalid-commit', 'group-id')
  if (message.epoch !== context.epoch) throw wrongEpoch(context.epoch)
}

export function wrongEpoch(currentEpoch: bigint): GatewayError {
  return new GatewayError('wrong-epoch', { facts: { currentEpoch: String(currentEpoch) } })
}

/** Some 4 ms of work. */
const STEPS_IN_A_SLICE = 32
