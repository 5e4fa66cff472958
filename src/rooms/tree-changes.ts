import type { UpdatePath } from '../wire/mls/commit.ts'
import type { LeafNode } from '../wire/mls/leaf-node.ts'
import { treeNodeCountMax } from '../wire/mls/limits.ts'
import { refusal } from './refusal.ts'
import { parentHash } from './tree-hash.ts'
import { directPath, rootOf, sibling } from './tree-math.ts'
import { isEmpty, parentAt, parentEntry, putLeaf, type PublicTree } from './tree.ts'

/** Replaces a leaf and blanks its direct path. RFC 9420 §12.1.2 */
export function updateLeaf(tree: PublicTree, leafIndex: number, leaf: LeafNode): void {
  blankPath(tree, leafIndex)
  putLeaf(tree, leafIndex, leaf)
}

/** Blanks leaves and their direct paths, then cuts off a blank right half. RFC 9420 §12.1.3 */
export function removeLeaves(tree: PublicTree, leafIndices: readonly number[]): void {
  for (const leafIndex of leafIndices) {
    blankPath(tree, leafIndex)
    putLeaf(tree, leafIndex, undefined)
  }
  const used = tree.nodes.findLastIndex((node) => node !== undefined) + 1
  while (tree.nodes.length > 1 && used <= rootOf(tree.nodes.length)) {
    tree.nodes.length = rootOf(tree.nodes.length)
    tree.hashes.length = tree.nodes.length
  }
}

/**
 * Puts each leaf at the leftmost blank, or at the right of a tree twice as wide; they are unmerged at
 * the parents above. Answers their indices. Throws `invalid-tree`. RFC 9420 §12.1.1
 */
export function addLeaves(tree: PublicTree, leaves: readonly LeafNode[]): readonly number[] {
  let node = 0
  return leaves.map((leaf) => {
    while (node < tree.nodes.length && tree.nodes[node] !== undefined) node += 2
    if (node >= tree.nodes.length) widen(tree)
    const leafIndex = node >> 1
    for (const at of directPath(leafIndex, tree.nodes.length)) addUnmerged(tree, at, leafIndex)
    putLeaf(tree, leafIndex, leaf)
    return leafIndex
  })
}

/**
 * Puts the leaf and the new public keys of an UpdatePath and checks the leaf's parent hash.
 * Throws `invalid-commit`. RFC 9420 §7.5, §7.9
 */
export function applyPath(tree: PublicTree, leafIndex: number, path: UpdatePath): void {
  const filtered = filteredPath(tree, leafIndex)
  if (filtered.length !== path.nodes.length) throw refusal('invalid-commit', 'path-length')
  blankPath(tree, leafIndex)
  putLeaf(tree, leafIndex, path.leafNode)
  let hash: Buffer = Buffer.alloc(0)
  for (let step = filtered.length - 1; step >= 0; step--) {
    const { node, coChild } = filtered[step] ?? { node: 0, coChild: 0 }
    const encryptionKey = path.nodes[step]?.encryptionKey ?? Buffer.alloc(0)
    tree.nodes[node] = parentEntry({ encryptionKey, parentHash: hash, unmergedLeaves: [] })
    hash = parentHash(tree, node, coChild)
  }
  const { source } = path.leafNode
  if (source.kind !== 'commit' || !source.parentHash.equals(hash))
    throw refusal('invalid-commit', 'parent-hash')
}

/** The direct path without the parents that have nobody on their other side. RFC 9420 §4.1.2 */
function filteredPath(tree: PublicTree, leafIndex: number) {
  let child = 2 * leafIndex
  return directPath(leafIndex, tree.nodes.length).flatMap((node) => {
    const coChild = sibling(child)
    child = node
    return isEmpty(tree, coChild) ? [] : [{ node, coChild }]
  })
}

function blankPath(tree: PublicTree, leafIndex: number): void {
  for (const node of directPath(leafIndex, tree.nodes.length)) tree.nodes[node] = undefined
}

function addUnmerged(tree: PublicTree, node: number, leafIndex: number): void {
  const parent = parentAt(tree, node)
  if (parent === undefined) return
  const unmergedLeaves = [...parent.unmergedLeaves, leafIndex].toSorted((a, b) => a - b)
  tree.nodes[node] = parentEntry({ ...parent, unmergedLeaves })
}

function widen(tree: PublicTree): void {
  const width = tree.nodes.length * 2 + 1
  if (width > 2 * treeNodeCountMax) throw refusal('invalid-tree', 'too-large')
  while (tree.nodes.length < width) {
    tree.nodes.push(undefined)
    tree.hashes.push(undefined)
  }
}
