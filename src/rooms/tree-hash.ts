import { hash } from 'node:crypto'
import { encode } from '../wire/codec.ts'
import { parentNodeCodec } from '../wire/mls/ratchet-tree.ts'
import { Writer } from '../wire/writer.ts'
import { leafRange, leftChild, level, rightChild } from './tree-math.ts'
import { entryBytes, parentAt, rootNode, type PublicTree } from './tree.ts'

/** The tree hash of the whole tree. RFC 9420 §7.8 */
export function treeHash(tree: PublicTree): Buffer {
  return nodeHash(tree, rootNode(tree))
}

/** The tree hash of a node, kept until something below it changes. RFC 9420 §7.8 */
export function nodeHash(tree: PublicTree, node: number): Buffer {
  const known = tree.hashes[node]
  if (known !== undefined) return known
  const digest = hash(tree.hash, hashInput(tree, node, []), 'buffer')
  tree.hashes[node] = digest
  return digest
}

/**
 * The parent hash that the child over `coChild`'s side must carry: of the parent's key, its own
 * parent hash, and the sibling as it was before the unmerged leaves came. RFC 9420 §7.9
 */
export function parentHash(tree: PublicTree, node: number, coChild: number): Buffer {
  const parent = parentAt(tree, node)
  if (parent === undefined) throw new RangeError('a blank node has no parent hash')
  const writer = new Writer()
  writer.opaque(parent.encryptionKey)
  writer.opaque(parent.parentHash)
  writer.opaque(hashWithout(tree, coChild, parent.unmergedLeaves))
  return hash(tree.hash, writer.take(), 'buffer')
}

/** The tree hash of a node as if `leaves` (in rising order) were blank and nowhere unmerged. */
function hashWithout(tree: PublicTree, node: number, leaves: readonly number[]): Buffer {
  const below = within(leaves, node)
  if (below.length === 0) return nodeHash(tree, node)
  return hash(tree.hash, hashInput(tree, node, below), 'buffer')
}

function hashInput(tree: PublicTree, node: number, without: readonly number[]): Buffer {
  const entry = tree.nodes[node]
  const writer = new Writer()
  if (level(node) === 0) {
    writer.uint8(1)
    writer.uint32(node >> 1)
    const present = entry !== undefined && without.length === 0
    writer.uint8(present ? 1 : 0)
    if (present) writer.fixed(entryBytes(entry))
    return writer.take()
  }
  writer.uint8(2)
  writer.uint8(entry === undefined ? 0 : 1)
  if (entry !== undefined) writer.fixed(bytesWithout(entry, without))
  writer.opaque(hashWithout(tree, leftChild(node), without))
  writer.opaque(hashWithout(tree, rightChild(node), without))
  return writer.take()
}

function bytesWithout(
  entry: NonNullable<PublicTree['nodes'][number]>,
  without: readonly number[],
): Buffer {
  if (entry.kind === 'leaf' || without.length === 0) return entryBytes(entry)
  const gone = new Set(without)
  const unmergedLeaves = entry.parent.unmergedLeaves.filter((leaf) => !gone.has(leaf))
  return encode(parentNodeCodec, { ...entry.parent, unmergedLeaves })
}

/** Those of `leaves` (in rising order) that stand below a node. */
export function within(leaves: readonly number[], node: number): readonly number[] {
  const { first, last } = leafRange(node)
  const from = lowerBound(leaves, first)
  const to = lowerBound(leaves, last + 1)
  return from === 0 && to === leaves.length ? leaves : leaves.slice(from, to)
}

function lowerBound(values: readonly number[], value: number): number {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((values[middle] ?? 0) < value) low = middle + 1
    else high = middle
  }
  return low
}
