import type { ErrorCode } from '../model/errors.ts'
import { leftChild, parentOf, rightChild } from './tree-math.ts'
import { parentHash, within } from './tree-hash.ts'
import { leafAt, parentAt, resolution, type PublicTree } from './tree.ts'
import { refusal } from './refusal.ts'

/**
 * Keys, unmerged leaves and parent hashes; signatures and capabilities of leaves are checked apart.
 * Throws `invalid-tree`. RFC 9420 §7.9.2, §12.4.3.1
 */
export function validateTree(tree: PublicTree): void {
  checkUniqueKeys(tree, 'invalid-tree')
  for (let node = 1; node < tree.nodes.length; node += 2) {
    if (tree.nodes[node] === undefined) continue
    checkUnmergedLeaves(tree, node)
    checkParentHash(tree, node)
  }
}

/** No two nodes share an encryption key, no two leaves a signature key. Throws `code`. */
export function checkUniqueKeys({ nodes }: PublicTree, code: ErrorCode): void {
  const encryptionKeys = new Set<string>()
  const signatureKeys = new Set<string>()
  for (const node of nodes) {
    if (node === undefined) continue
    const { encryptionKey } = node.kind === 'leaf' ? node.leaf : node.parent
    if (!addOnce(encryptionKeys, encryptionKey)) throw refusal(code, 'encryption-key-reused')
    if (node.kind === 'leaf' && !addOnce(signatureKeys, node.leaf.signatureKey))
      throw refusal(code, 'signature-key-reused')
  }
}

function addOnce(keys: Set<string>, key: Buffer): boolean {
  const before = keys.size
  return keys.add(key.toString('latin1')).size > before
}

/** An unmerged leaf is a member below the node, and unmerged at each parent between. */
function checkUnmergedLeaves(tree: PublicTree, node: number): void {
  const leaves = parentAt(tree, node)?.unmergedLeaves ?? []
  if (within(leaves, node).length !== leaves.length) throw refusal('invalid-tree', 'unmerged-leaf')
  for (const leaf of leaves) {
    if (leafAt(tree, leaf) === undefined) throw refusal('invalid-tree', 'unmerged-leaf')
    for (let at = parentOf(2 * leaf); at !== node; at = parentOf(at)) {
      const between = parentAt(tree, at)
      if (between !== undefined && within(between.unmergedLeaves, 2 * leaf).length === 0)
        throw refusal('invalid-tree', 'unmerged-leaf')
    }
  }
}

/** One child's side holds exactly one node whose parent hash is this node's, beside the unmerged leaves. */
function checkParentHash(tree: PublicTree, node: number): void {
  const left = leftChild(node)
  const right = rightChild(node)
  if (!descends(tree, { node, child: left, coChild: right }))
    if (!descends(tree, { node, child: right, coChild: left }))
      throw refusal('invalid-tree', 'parent-hash')
}

function descends(
  tree: PublicTree,
  { node, child, coChild }: { node: number; child: number; coChild: number },
): boolean {
  const unmerged = within(parentAt(tree, node)?.unmergedLeaves ?? [], child).map((leaf) => 2 * leaf)
  const below = resolution(tree, child, unmerged.length + 2)
  if (below.length !== unmerged.length + 1) return false
  const others = new Set(unmerged)
  const candidates = below.filter((at) => !others.has(at))
  const [descendant] = candidates
  if (candidates.length !== 1 || descendant === undefined) return false
  return carriedParentHash(tree, descendant)?.equals(parentHash(tree, node, coChild)) === true
}

function carriedParentHash(tree: PublicTree, node: number): Buffer | undefined {
  const entry = tree.nodes[node]
  if (entry?.kind === 'parent') return entry.parent.parentHash
  return entry?.leaf.source.kind === 'commit' ? entry.leaf.source.parentHash : undefined
}
