import { decode, encode } from '../wire/codec.ts'
import { WireError } from '../wire/errors.ts'
import type { HashName } from '../wire/mls/cipher-suite.ts'
import { leafNodeCodec, type LeafNode } from '../wire/mls/leaf-node.ts'
import { treeNodeCountMax } from '../wire/mls/limits.ts'
import {
  parentNodeCodec,
  spannedRatchetTreeCodec,
  type ParentNode,
  type TreeNode,
} from '../wire/mls/ratchet-tree.ts'
import { Writer } from '../wire/writer.ts'
import { refusal } from './refusal.ts'
import { directPath, level, leftChild, rightChild, rootOf } from './tree-math.ts'

export interface LeafEntry {
  readonly kind: 'leaf'
  readonly leaf: LeafNode
  readonly bytes: Buffer
}

/** `bytes` is filled when it is first asked for: see `entryBytes`. */
export interface ParentEntry {
  readonly kind: 'parent'
  readonly parent: ParentNode
  bytes: Buffer | undefined
}

/**
 * A ratchet tree without secrets, padded with blanks to a complete binary tree.
 * INVARIANT: leaves stand at even indices; `hashes[i]` is the tree hash of node i or undefined.
 */
export interface PublicTree {
  readonly hash: HashName
  readonly nodes: (LeafEntry | ParentEntry | undefined)[]
  readonly hashes: (Buffer | undefined)[]
}

/** Of `optional<Node> ratchet_tree<V>`. Throws `invalid-tree`. RFC 9420 §12.4.3.3 */
export function parseTree(hash: HashName, bytes: Buffer): PublicTree {
  const spans = decodeTree(bytes)
  if (spans.at(-1)?.value === undefined) throw refusal('invalid-tree', 'blank-tail')
  const nodes = spans.map(({ value, bytes: span }, index) => {
    if (value === undefined) return undefined
    if ((value.kind === 'leaf') !== (index % 2 === 0)) throw refusal('invalid-tree', 'shape')
    // Without the presence octet and the node type.
    return entry(value, span.subarray(2))
  })
  let width = 1
  while (width < nodes.length) width = width * 2 + 1
  while (nodes.length < width) nodes.push(undefined)
  return { hash, nodes, hashes: Array.from({ length: width }) }
}

/** The bytes of `optional<Node> ratchet_tree<V>`, without blanks at the end. */
export function treeBytes({ nodes }: PublicTree): Buffer {
  const used = nodes.findLastIndex((node) => node !== undefined) + 1
  const writer = new Writer(used * EXPECTED_NODE_BYTES)
  writer.vector(() => {
    for (const node of nodes.slice(0, used)) {
      writer.uint8(node === undefined ? 0 : 1)
      if (node === undefined) continue
      writer.uint8(node.kind === 'leaf' ? 1 : 2)
      writer.fixed(entryBytes(node))
    }
  })
  return writer.take()
}

/** A copy to change: nodes and hashes are shared until they are replaced. */
export function cloneTree(tree: PublicTree): PublicTree {
  return { hash: tree.hash, nodes: tree.nodes.slice(), hashes: tree.hashes.slice() }
}

export function leafAt({ nodes }: PublicTree, leafIndex: number): LeafNode | undefined {
  const node = nodes[2 * leafIndex]
  return node?.kind === 'leaf' ? node.leaf : undefined
}

export function parentAt({ nodes }: PublicTree, node: number): ParentNode | undefined {
  const found = nodes[node]
  return found?.kind === 'parent' ? found.parent : undefined
}

/** All members in the order of their leaves. */
export function* leavesOf({ nodes }: PublicTree): Generator<readonly [number, LeafNode]> {
  for (let index = 0; index < nodes.length; index += 2) {
    const node = nodes[index]
    if (node?.kind === 'leaf') yield [index >> 1, node.leaf]
  }
}

function leafEntry(leaf: LeafNode): LeafEntry {
  return { kind: 'leaf', leaf, bytes: encode(leafNodeCodec, leaf) }
}

export function parentEntry(parent: ParentNode): ParentEntry {
  return { kind: 'parent', parent, bytes: undefined }
}

export function entryBytes(node: LeafEntry | ParentEntry): Buffer {
  if (node.kind === 'leaf') return node.bytes
  node.bytes ??= encode(parentNodeCodec, node.parent)
  return node.bytes
}

/** Puts a leaf (or a blank) and forgets the hashes above it. */
export function putLeaf(tree: PublicTree, leafIndex: number, leaf: LeafNode | undefined): void {
  tree.nodes[2 * leafIndex] = leaf === undefined ? undefined : leafEntry(leaf)
  tree.hashes[2 * leafIndex] = undefined
  for (const node of directPath(leafIndex, tree.nodes.length)) tree.hashes[node] = undefined
}

/** Whether nothing stands at or below a node. */
export function isEmpty(tree: PublicTree, node: number): boolean {
  if (tree.nodes[node] !== undefined) return false
  if (level(node) === 0) return true
  return isEmpty(tree, leftChild(node)) && isEmpty(tree, rightChild(node))
}

/**
 * The resolution of a node, at most `countMax` nodes of it: whoever compares its length with a bound
 * passes the bound and one more. RFC 9420 §4.1.1
 */
export function resolution(
  tree: PublicTree,
  node: number,
  countMax = treeNodeCountMax,
): readonly number[] {
  const found: number[] = []
  const visit = (at: number): void => {
    if (found.length >= countMax) return
    const here = tree.nodes[at]
    if (here !== undefined) {
      found.push(at)
      if (here.kind === 'parent')
        for (const leaf of here.parent.unmergedLeaves) found.push(2 * leaf)
    } else if (level(at) > 0) {
      visit(leftChild(at))
      visit(rightChild(at))
    }
  }
  visit(node)
  return found.slice(0, countMax)
}

export function rootNode(tree: PublicTree): number {
  return rootOf(tree.nodes.length)
}

function decodeTree(bytes: Buffer) {
  try {
    return decode(spannedRatchetTreeCodec, bytes)
  } catch (cause) {
    if (cause instanceof WireError) throw refusal('invalid-tree', 'bytes', cause)
    throw cause
  }
}

function entry(node: TreeNode, bytes: Buffer): LeafEntry | ParentEntry {
  return node.kind === 'leaf'
    ? { kind: 'leaf', leaf: node.leafNode, bytes }
    : { kind: 'parent', parent: node.parentNode, bytes }
}

const EXPECTED_NODE_BYTES = 256
