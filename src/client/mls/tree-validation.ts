import { ClientError, demand } from '../errors.ts'
import type { RatchetTree } from './ratchet-tree.ts'
import { covers, directPath, left, level, right } from './tree-math.ts'

/**
 * What a new member checks of a tree that it did not follow: unmerged leaves, parent hashes, and that
 * no key is there twice. Leaf signatures are for `validateLeaf`. Throws `invalid-tree`.
 * `RFC 9420 §12.4.3.1`
 */
export function validateTree(tree: RatchetTree): void {
  demandUniqueKeys(tree)
  const intermediates: number[] = []
  for (let node = 1; node < tree.width; node += 2)
    if (tree.parent(node) !== undefined) intermediates.push(node)
  for (const node of intermediates) demandUnmergedLeaves(tree, node)
  for (const node of intermediates) demandParentHash(tree, node)
}

/** Throws `invalid-tree` where an encryption key or a signature key is there twice. */
export function demandUniqueKeys(tree: RatchetTree): void {
  const encryptionKeys = new Set<string>()
  const signatureKeys = new Set<string>()
  for (let node = 0; node < tree.width; node++) {
    const key = tree.encryptionKey(node)?.toString('latin1')
    if (key !== undefined) addOnce(encryptionKeys, key)
  }
  for (const { leaf } of tree.leaves()) addOnce(signatureKeys, leaf.signatureKey.toString('latin1'))
}

function addOnce(keys: Set<string>, key: string): void {
  demand(!keys.has(key), 'invalid-tree')
  keys.add(key)
}

/** Each unmerged leaf is a member below the node, and is unmerged in every parent between the two. */
function demandUnmergedLeaves(tree: RatchetTree, node: number): void {
  for (const leafIndex of tree.parent(node)?.unmergedLeaves ?? []) {
    demand(covers(node, leafIndex) && tree.leaf(leafIndex) !== undefined, 'invalid-tree')
    for (const above of directPath(2 * leafIndex, tree.width)) {
      if (level(above) >= level(node)) break
      const between = tree.parent(above)
      demand(between === undefined || between.unmergedLeaves.includes(leafIndex), 'invalid-tree')
    }
  }
}

/** `RFC 9420 §7.9.2`: exactly one node in the resolution of one child carries the parent's hash. */
function demandParentHash(tree: RatchetTree, node: number): void {
  const found =
    isParentHashValidBelow(tree, node, { child: left(node), sibling: right(node) }) ||
    isParentHashValidBelow(tree, node, { child: right(node), sibling: left(node) })
  if (!found) throw new ClientError('invalid-tree')
}

function isParentHashValidBelow(
  tree: RatchetTree,
  node: number,
  { child, sibling }: { child: number; sibling: number },
): boolean {
  const expected = tree.parentHash(node, sibling)
  const resolution = tree.resolution(child)
  const unmerged = (tree.parent(node)?.unmergedLeaves ?? []).filter((index) => covers(child, index))
  return resolution.some((candidate) => {
    if (parentHashOf(tree, candidate)?.equals(expected) !== true) return false
    const others = resolution.filter((other) => other !== candidate)
    return (
      others.length === unmerged.length &&
      others.every((other) => other % 2 === 0 && unmerged.includes(other / 2))
    )
  })
}

function parentHashOf(tree: RatchetTree, node: number): Buffer | undefined {
  if (node % 2 === 1) return tree.parent(node)?.parentHash
  const source = tree.leaf(node / 2)?.source
  return source?.kind === 'commit' ? source.parentHash : undefined
}
