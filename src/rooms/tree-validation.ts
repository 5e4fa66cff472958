import type { ErrorCode } from '../model/errors.ts'
import { leftChild, parentOf, rightChild } from './tree-math.ts'
import { parentHash, within } from './tree-hash.ts'
import { leafAt, parentAt, resolution, type PublicTree } from './tree.ts'
import { refusal } from './refusal.ts'

/**
 * Keys, unmerged leaves and parent hashes, node by node; signatures and capabilities of leaves are
 * checked apart.
 * Throws `invalid-tree`. RFC 9420 §7.9.2, §12.4.3.1
 */
export function* treeValidation(tree: PublicTree): Generator<undefined> {
  checkUniqueKeys(tree, 'invalid-tree')
  for (let node = 1; node < tree.nodes.length; node += 2) {
    if (tree.nodes[node] === undefined) continue
    checkUnmergedLeaves(tree, node)
    checkParentHash(tree, node)
    yield
  }
}

/** No two nodes share an encryption key, no two leaves a signature key. Throws `code`. */
function checkUniqueKeys({ nodes }: PublicTree, code: ErrorCode): void {
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

/**
 * The same for a tree that comes after one whose keys are unique: only keys that are new can be there
 * twice. Throws `code`.
 */
export function checkNewKeys(before: PublicTree, after: PublicTree, code: ErrorCode): void {
  const fresh = after.nodes.flatMap((node, at) => (node === before.nodes[at] ? [] : (node ?? [])))
  const encryptionKeys = new KeySet()
  const signatureKeys = new KeySet()
  for (const node of fresh) {
    const { encryptionKey } = node.kind === 'leaf' ? node.leaf : node.parent
    if (!encryptionKeys.add(encryptionKey)) throw refusal(code, 'encryption-key-reused')
    if (node.kind === 'leaf' && !signatureKeys.add(node.leaf.signatureKey))
      throw refusal(code, 'signature-key-reused')
  }
  for (const [at, node] of after.nodes.entries()) {
    if (node === undefined || node !== before.nodes[at]) continue
    const { encryptionKey } = node.kind === 'leaf' ? node.leaf : node.parent
    if (encryptionKeys.has(encryptionKey)) throw refusal(code, 'encryption-key-reused')
    if (node.kind === 'leaf' && signatureKeys.has(node.leaf.signatureKey))
      throw refusal(code, 'signature-key-reused')
  }
}

/** A few keys, asked for by many: their first octets tell nearly always. */
class KeySet {
  private readonly starts = new Set<number>()
  private readonly keys = new Set<string>()

  /** False where the key is there already. */
  add(key: Buffer): boolean {
    this.starts.add(startOf(key))
    return addOnce(this.keys, key)
  }

  has(key: Buffer): boolean {
    return this.starts.has(startOf(key)) && this.keys.has(key.toString('latin1'))
  }
}

function startOf(key: Buffer): number {
  return key.length < 6 ? -1 : key.readUIntBE(0, 6)
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
