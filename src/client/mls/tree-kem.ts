import type { Randomness } from '../../model/clock.ts'
import { encode } from '../../wire/codec.ts'
import type { UpdatePath, UpdatePathNode } from '../../wire/mls/commit.ts'
import { groupContextCodec, type GroupContext } from '../../wire/mls/group-info.ts'
import type { LeafNode } from '../../wire/mls/leaf-node.ts'
import { decryptWithLabel, encryptWithLabel } from '../../mls-crypto/hpke.ts'
import { deriveKeyPair, generateKeyPair } from '../../mls-crypto/kem.ts'
import { deriveSecret } from '../../mls-crypto/key-derivation.ts'
import type { MlsSuite } from '../../mls-crypto/suite.ts'
import { ClientError, demand } from '../errors.ts'
import type { PathStep, RatchetTree } from './ratchet-tree.ts'
import { covers } from './tree-math.ts'

/** A committer's new path: its secrets, and the public keys that are merged into the tree already. */
export interface FreshPath {
  readonly steps: readonly PathStep[]
  /** One for each step, bottom up. */
  readonly pathSecrets: readonly Buffer[]
  /** HPKE private keys by node index: of the leaf and of every step. */
  readonly privateKeys: ReadonlyMap<number, Buffer>
  readonly commitSecret: Buffer
}

/**
 * Draws a new path for `leafIndex` and merges it into `tree`; `signLeaf` makes the new leaf of its
 * encryption key and parent hash. `RFC 9420 §7.5`
 */
export function createPath(
  tree: RatchetTree,
  leafIndex: number,
  {
    signLeaf,
    randomness,
  }: {
    signLeaf: (fields: { encryptionKey: Buffer; parentHash: Buffer }) => LeafNode
    randomness: Randomness
  },
): FreshPath {
  const { suite } = tree
  const steps = tree.filteredDirectPath(leafIndex)
  const leafKeys = generateKeyPair(suite, randomness)
  const privateKeys = new Map([[2 * leafIndex, leafKeys.privateKey]])
  const pathSecrets: Buffer[] = []
  const publicKeys: Buffer[] = []
  let secret = randomness(suite.hashBytes)
  for (const { node } of steps) {
    const keys = nodeKeys(suite, secret)
    pathSecrets.push(secret)
    publicKeys.push(keys.publicKey)
    privateKeys.set(node, keys.privateKey)
    secret = deriveSecret(suite, secret, 'path')
  }
  const parentHash = mergeParents(tree, leafIndex, { steps, publicKeys })
  tree.setLeaf(leafIndex, signLeaf({ encryptionKey: leafKeys.publicKey, parentHash }))
  return { steps, pathSecrets, privateKeys, commitSecret: secret }
}

/** Encrypts each path secret to those below the step's copath child, except new members. `RFC 9420 §7.6` */
export function encryptPath(
  tree: RatchetTree,
  { steps, pathSecrets }: FreshPath,
  {
    groupContext,
    newLeaves,
    randomness,
  }: { groupContext: GroupContext; newLeaves: ReadonlySet<number>; randomness: Randomness },
): UpdatePathNode[] {
  const context = encode(groupContextCodec, groupContext)
  return steps.map(({ node, copathChild }, index) => ({
    encryptionKey: keyOf(tree, node),
    encryptedPathSecret: recipients(tree, copathChild, newLeaves).map((recipient) =>
      encryptWithLabel(
        tree.suite,
        {
          publicKey: keyOf(tree, recipient),
          plaintext: pathSecrets[index] ?? Buffer.alloc(0),
          label: LABEL,
          context,
        },
        randomness,
      ),
    ),
  }))
}

/** Merges a received path into `tree`. Throws `invalid-commit`. `RFC 9420 §7.5` */
export function mergePath(tree: RatchetTree, leafIndex: number, path: UpdatePath): PathStep[] {
  const { leafNode, nodes } = path
  const steps = tree.filteredDirectPath(leafIndex)
  demand(steps.length === nodes.length, 'invalid-commit')
  const publicKeys = nodes.map(({ encryptionKey }) => encryptionKey)
  const parentHash = mergeParents(tree, leafIndex, { steps, publicKeys })
  const { source } = leafNode
  demand(source.kind === 'commit' && source.parentHash.equals(parentHash), 'invalid-commit')
  tree.setLeaf(leafIndex, leafNode)
  return steps
}

/** What a member learns of a path that has been merged into `tree`. */
export interface OpenedPath {
  readonly commitSecret: Buffer
  /** Of the parents that the path gave us. */
  readonly privateKeys: ReadonlyMap<number, Buffer>
}

/** Throws `decryption-failed`, `invalid-commit`. `RFC 9420 §7.6` */
export function openPath(
  tree: RatchetTree,
  { steps, nodes }: { steps: readonly PathStep[]; nodes: readonly UpdatePathNode[] },
  {
    ownLeafIndex,
    ownNodes,
    groupContext,
    newLeaves,
  }: {
    ownLeafIndex: number
    ownNodes: ReadonlyMap<number, Buffer>
    groupContext: GroupContext
    newLeaves: ReadonlySet<number>
  },
): OpenedPath {
  const first = steps.findIndex(({ copathChild }) => covers(copathChild, ownLeafIndex))
  const step = steps[first]
  if (step === undefined) throw new ClientError('invalid-commit')
  const recipientNodes = recipients(tree, step.copathChild, newLeaves)
  const position = recipientNodes.findIndex((node) => ownNodes.has(node))
  const privateKey = ownNodes.get(recipientNodes[position] ?? -1)
  const sealed = nodes[first]?.encryptedPathSecret
  if (privateKey === undefined || sealed?.length !== recipientNodes.length)
    throw new ClientError('invalid-commit')
  const ciphertext = sealed[position]
  if (ciphertext === undefined) throw new ClientError('invalid-commit')
  const context = encode(groupContextCodec, groupContext)
  const secret = decryptWithLabel(tree.suite, privateKey, { ...ciphertext, label: LABEL, context })
  return climb(tree, steps.slice(first), secret)
}

/** Keys of every step from the first one's path secret; each must match the tree. Throws `invalid-commit`. */
export function climb(
  tree: RatchetTree,
  steps: readonly Pick<PathStep, 'node'>[],
  firstSecret: Buffer,
): OpenedPath {
  const privateKeys = new Map<number, Buffer>()
  let secret = firstSecret
  for (const { node } of steps) {
    const keys = nodeKeys(tree.suite, secret)
    demand(tree.encryptionKey(node)?.equals(keys.publicKey) === true, 'invalid-commit')
    privateKeys.set(node, keys.privateKey)
    secret = deriveSecret(tree.suite, secret, 'path')
  }
  return { commitSecret: secret, privateKeys }
}

/** Sets the path's parents from the top down; returns the parent hash that the leaf must carry. */
function mergeParents(
  tree: RatchetTree,
  leafIndex: number,
  { steps, publicKeys }: { steps: readonly PathStep[]; publicKeys: readonly Buffer[] },
): Buffer {
  tree.blankPath(leafIndex)
  let parentHash: Buffer = Buffer.alloc(0)
  for (let index = steps.length - 1; index >= 0; index--) {
    const step = steps[index]
    const encryptionKey = publicKeys[index]
    if (step === undefined || encryptionKey === undefined) throw new ClientError('invalid-commit')
    tree.setParent(step.node, { encryptionKey, parentHash, unmergedLeaves: [] })
    parentHash = tree.parentHash(step.node, step.copathChild)
  }
  return parentHash
}

function recipients(
  tree: RatchetTree,
  copathChild: number,
  newLeaves: ReadonlySet<number>,
): number[] {
  return tree.resolution(copathChild).filter((node) => node % 2 === 1 || !newLeaves.has(node / 2))
}

function nodeKeys(suite: MlsSuite, pathSecret: Buffer) {
  return deriveKeyPair(suite, deriveSecret(suite, pathSecret, 'node'))
}

function keyOf(tree: RatchetTree, node: number): Buffer {
  const key = tree.encryptionKey(node)
  if (key === undefined) throw new ClientError('invalid-tree')
  return key
}

const LABEL = 'UpdatePathNode'
