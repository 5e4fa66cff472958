import { encode, optional, opaque, struct, uint32, uint8 } from '../../wire/codec.ts'
import { leafNodeCodec, type LeafNode } from '../../wire/mls/leaf-node.ts'
import {
  parentNodeCodec,
  type ParentNode,
  type RatchetTree as WireTree,
  type TreeNode,
} from '../../wire/mls/ratchet-tree.ts'
import { digest } from '../../mls-crypto/key-derivation.ts'
import type { MlsSuite } from '../../mls-crypto/suite.ts'
import { ClientError } from '../errors.ts'
import {
  covers,
  directPath,
  fullWidth,
  left,
  level,
  right,
  rootOf,
  siblingOf,
} from './tree-math.ts'

/** One step of a filtered direct path: a parent, and its child that is not on the way to the leaf. */
export interface PathStep {
  readonly node: number
  readonly copathChild: number
}

/** The public half of a group's tree, RFC 9420 §7. It changes in place: stage changes on a `copy`. */
export class RatchetTree {
  readonly suite: MlsSuite
  private readonly nodes: (TreeNode | undefined)[]
  /** INVARIANT: a hash is here only as long as nothing below its node has changed. */
  private readonly hashes: (Buffer | undefined)[]

  private constructor(
    suite: MlsSuite,
    nodes: (TreeNode | undefined)[],
    hashes: (Buffer | undefined)[],
  ) {
    this.suite = suite
    this.nodes = nodes
    this.hashes = hashes
  }

  static withOneLeaf(suite: MlsSuite, leafNode: LeafNode): RatchetTree {
    return new RatchetTree(suite, [{ kind: 'leaf', leafNode }], [])
  }

  /** Throws `invalid-tree` where leaves and parents are not in their places or the last node is blank. */
  static fromWire(suite: MlsSuite, wire: WireTree): RatchetTree {
    if (wire.at(-1) === undefined) throw new ClientError('invalid-tree')
    for (const [index, node] of wire.entries()) {
      const expected = index % 2 === 0 ? 'leaf' : 'parent'
      if (node !== undefined && node.kind !== expected) throw new ClientError('invalid-tree')
    }
    const padding = Array.from({ length: fullWidth(wire.length) - wire.length }, () => undefined)
    return new RatchetTree(suite, [...wire, ...padding], [])
  }

  /** Without the blank nodes at the end. */
  toWire(): WireTree {
    const length = this.nodes.findLastIndex((node) => node !== undefined) + 1
    return this.nodes.slice(0, length)
  }

  copy(): RatchetTree {
    return new RatchetTree(this.suite, this.nodes.slice(), this.hashes.slice())
  }

  get width(): number {
    return this.nodes.length
  }

  get leafCount(): number {
    return (this.nodes.length + 1) / 2
  }

  leaf(index: number): LeafNode | undefined {
    const node = this.nodes[2 * index]
    return node?.kind === 'leaf' ? node.leafNode : undefined
  }

  parent(index: number): ParentNode | undefined {
    const node = this.nodes[index]
    return node?.kind === 'parent' ? node.parentNode : undefined
  }

  /** The members by leaf index, in rising order. */
  leaves(): { readonly index: number; readonly leaf: LeafNode }[] {
    return this.nodes.flatMap((node, position) =>
      node?.kind === 'leaf' ? [{ index: position / 2, leaf: node.leafNode }] : [],
    )
  }

  encryptionKey(node: number): Buffer | undefined {
    const found = this.nodes[node]
    return found?.kind === 'leaf' ? found.leafNode.encryptionKey : found?.parentNode.encryptionKey
  }

  setLeaf(index: number, leafNode: LeafNode): void {
    this.nodes[2 * index] = { kind: 'leaf', leafNode }
    this.touch(2 * index)
  }

  setParent(node: number, parentNode: ParentNode | undefined): void {
    this.nodes[node] = parentNode === undefined ? undefined : { kind: 'parent', parentNode }
    this.touch(node)
  }

  /** The effect of an Add: the new leaf's index. `RFC 9420 §7.7` */
  add(leafNode: LeafNode): number {
    let position = 0
    while (position < this.nodes.length && this.nodes[position] !== undefined) position += 2
    if (position >= this.nodes.length) this.extend()
    const index = position / 2
    for (const node of directPath(position, this.width)) {
      const parentNode = this.parent(node)
      if (parentNode !== undefined)
        this.setParent(node, {
          ...parentNode,
          unmergedLeaves: [...parentNode.unmergedLeaves, index].toSorted((a, b) => a - b),
        })
    }
    this.setLeaf(index, leafNode)
    return index
  }

  /** The effect of an Update. `RFC 9420 §12.1.2` */
  update(index: number, leafNode: LeafNode): void {
    this.blankPath(index)
    this.setLeaf(index, leafNode)
  }

  /** The effect of a Remove. `RFC 9420 §12.1.3` */
  remove(index: number): void {
    this.blankPath(index)
    this.nodes[2 * index] = undefined
    this.touch(2 * index)
    this.truncate()
  }

  /** `RFC 9420 §4.1.1` */
  resolution(node: number): number[] {
    const found = this.nodes[node]
    if (found?.kind === 'leaf') return [node]
    if (found !== undefined)
      return [node, ...found.parentNode.unmergedLeaves.map((index) => 2 * index)]
    if (level(node) === 0) return []
    return [...this.resolution(left(node)), ...this.resolution(right(node))]
  }

  /** `RFC 9420 §4.1.2` */
  filteredDirectPath(leafIndex: number): PathStep[] {
    let child = 2 * leafIndex
    return directPath(child, this.width).flatMap((node) => {
      const copathChild = siblingOf(child)
      child = node
      return this.resolution(copathChild).length === 0 ? [] : [{ node, copathChild }]
    })
  }

  /** Blanks every parent above the leaf. */
  blankPath(leafIndex: number): void {
    for (const node of directPath(2 * leafIndex, this.width)) this.setParent(node, undefined)
  }

  /** `RFC 9420 §7.8` */
  treeHash(): Buffer {
    return this.hashOf(rootOf(this.width), NONE)
  }

  /** `RFC 9420 §7.9`: the hash that a child of `parent` must carry, where `sibling` is its other child. */
  parentHash(parent: number, sibling: number): Buffer {
    const node = this.parent(parent)
    if (node === undefined) throw new ClientError('invalid-tree')
    const { encryptionKey, parentHash, unmergedLeaves } = node
    const originalSiblingTreeHash = this.hashOf(sibling, new Set(unmergedLeaves))
    const input = { encryptionKey, parentHash, originalSiblingTreeHash }
    return digest(this.suite, encode(parentHashInputCodec, input))
  }

  /** `without`: leaves to treat as if they had not been added yet. */
  private hashOf(node: number, without: ReadonlySet<number>): Buffer {
    const excluded = [...without].some((index) => covers(node, index)) ? without : NONE
    const known = this.hashes[node]
    if (excluded.size === 0 && known !== undefined) return known
    const bytes =
      level(node) === 0 ? this.leafInput(node, excluded) : this.parentInput(node, excluded)
    const hash = digest(this.suite, bytes)
    if (excluded.size === 0) this.hashes[node] = hash
    return hash
  }

  private leafInput(node: number, excluded: ReadonlySet<number>): Buffer {
    const leafIndex = node / 2
    const leafNode = excluded.has(leafIndex) ? undefined : this.leaf(leafIndex)
    return encode(leafHashInputCodec, { nodeType: 1, leafIndex, leafNode })
  }

  private parentInput(node: number, excluded: ReadonlySet<number>): Buffer {
    const found = this.parent(node)
    const parentNode = found && {
      ...found,
      unmergedLeaves: found.unmergedLeaves.filter((index) => !excluded.has(index)),
    }
    const leftHash = this.hashOf(left(node), excluded)
    const rightHash = this.hashOf(right(node), excluded)
    return encode(nodeHashInputCodec, { nodeType: 2, parentNode, leftHash, rightHash })
  }

  private touch(node: number): void {
    this.hashes[node] = undefined
    for (const above of directPath(node, this.width)) this.hashes[above] = undefined
  }

  private extend(): void {
    const added = this.width + 1
    for (let count = 0; count < added; count++) this.nodes.push(undefined)
  }

  private truncate(): void {
    while (this.width > 1) {
      const root = rootOf(this.width)
      if (this.nodes.findLastIndex((node) => node !== undefined) >= root) return
      this.nodes.length = root
      this.hashes.length = root
    }
  }
}

const NONE: ReadonlySet<number> = new Set()
const hashBytes = opaque(64)

const leafHashInputCodec = struct({
  nodeType: uint8,
  leafIndex: uint32,
  leafNode: optional(leafNodeCodec),
})
const nodeHashInputCodec = struct({
  nodeType: uint8,
  parentNode: optional(parentNodeCodec),
  leftHash: hashBytes,
  rightHash: hashBytes,
})
const parentHashInputCodec = struct({
  encryptionKey: opaque(4_096),
  parentHash: hashBytes,
  originalSiblingTreeHash: hashBytes,
})
