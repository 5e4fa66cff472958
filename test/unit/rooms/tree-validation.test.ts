import { describe, expect, test } from 'vitest'
import { addLeaves, removeLeaves } from '../../../src/rooms/tree-changes.ts'
import { treeValidation } from '../../../src/rooms/tree-validation.ts'
import { directPath, leafRange, sibling } from '../../../src/rooms/tree-math.ts'
import {
  cloneTree,
  isEmpty,
  leafAt,
  parentAt,
  parentEntry,
  parseTree,
  putLeaf,
  type PublicTree,
} from '../../../src/rooms/tree.ts'
import type { ParentNode } from '../../../src/wire/mls/ratchet-tree.ts'
import { addAll, commitAndFollow, groupOf, keyPackageOf } from '../../support/mls-members.ts'

const users = ['alice', 'bob', 'carol', 'dave', 'erin'].map((name) => `mimi://a.example/u/${name}`)

/** All of it, to its end. */
function validateTree(tree: PublicTree): void {
  for (const _ of treeValidation(tree)) continue
}

/** Five members behind parents with keys, then a sixth that is unmerged. */
function grownTree(): PublicTree {
  const members = groupOf(users)
  commitAndFollow(members)
  commitAndFollow(members.toReversed())
  const { keyPackage } = keyPackageOf('mimi://a.example/u/frank')
  const { keyPackage: gina } = keyPackageOf('mimi://a.example/u/gina')
  const [alice] = members
  if (!alice) throw new Error('no member')
  const staged = alice.commit({
    proposals: [keyPackage, gina].map((one) => ({ kind: 'add', keyPackage: one })),
    withPath: false,
  })
  return parseTree('sha256', staged.ratchetTree)
}

const grown = grownTree()
const [node = 0] = grown.nodes.flatMap((entry, index) =>
  entry?.kind === 'parent' && entry.parent.unmergedLeaves.length > 0 ? [index] : [],
)

function withParent(changes: Partial<ParentNode>): PublicTree {
  const tree = cloneTree(grown)
  const parent = parentAt(tree, node)
  if (!parent) throw new Error('no parent')
  tree.nodes[node] = parentEntry({ ...parent, ...changes })
  tree.hashes.fill(undefined)
  return tree
}

const reason = (text: string) =>
  expect.objectContaining({ code: 'invalid-tree', facts: { reason: text } })

describe('a tree is refused', () => {
  test('not as its members made it', () => {
    expect(node % 2).toBe(1)
    expect(() => validateTree(grown)).not.toThrow()
    expect(() => validateTree(withParent({}))).not.toThrow()
  })

  test('with a parent hash that nobody below carries', () => {
    expect(() => validateTree(withParent({ parentHash: Buffer.alloc(32) }))).toThrow(
      reason('parent-hash'),
    )
    expect(() => validateTree(withParent({ encryptionKey: Buffer.alloc(32) }))).toThrow(
      reason('parent-hash'),
    )
  })

  test('with unmerged leaves that are blank, elsewhere, or merged in between', () => {
    const { last } = leafRange(node)
    const parent = { encryptionKey: Buffer.alloc(32), parentHash: Buffer.alloc(0) }
    const beside = withParent({ unmergedLeaves: [last + 1] })
    const gone = cloneTree(grown)
    gone.nodes[1] = parentEntry({ ...parent, unmergedLeaves: [1] })
    putLeaf(gone, 1, undefined)
    for (const bad of [beside, gone])
      expect(() => validateTree(bad)).toThrow(reason('unmerged-leaf'))
    expect(() => validateTree(withParent({ unmergedLeaves: [] }))).toThrow('invalid-tree')
  })

  test('with one key at two nodes', () => {
    const { encryptionKey } = leafAt(grown, 0) ?? {}
    if (!encryptionKey) throw new Error('no leaf')
    expect(() => validateTree(withParent({ encryptionKey }))).toThrow(
      reason('encryption-key-reused'),
    )
    const tree = cloneTree(grown)
    const leaf = leafAt(tree, 1)
    if (!leaf) throw new Error('no leaf')
    putLeaf(tree, 1, { ...leaf, signatureKey: leafAt(tree, 0)?.signatureKey ?? leaf.signatureKey })
    expect(() => validateTree(tree)).toThrow(reason('signature-key-reused'))
  })

  test('with a leaf where a parent belongs', () => {
    const leafAtRoot = Buffer.concat([Buffer.from('0100', 'hex')])
    expect(() => parseTree('sha256', leafAtRoot)).toThrow(reason('blank-tail'))
    expect(() =>
      parseTree(
        'sha256',
        Buffer.from('0a 01 02 00 00 00 00 00 00 00 00'.replaceAll(' ', ''), 'hex'),
      ),
    ).toThrow('invalid-tree')
  })
})

describe('a tree', () => {
  test('doubles for the first leaf too many and halves when the right half is blank', () => {
    const tree = cloneTree(grown)
    const width = tree.nodes.length
    const leaves = Array.from(
      { length: 6 },
      (_, index) => keyPackageOf(`mimi://a.example/u/n${index}`).keyPackage.leafNode,
    )
    const added = addLeaves(tree, leaves)
    expect(tree.nodes.length).toBe(2 * width + 1)
    removeLeaves(tree, added)
    expect(tree.nodes.length).toBe(width)
    removeLeaves(tree, [1, 2, 3, 4, 5, 6])
    expect(tree.nodes.length).toBe(1)
    expect(isEmpty(tree, 0)).toBe(false)
  })

  test('of one leaf has no path, of four the path to the root', () => {
    expect(directPath(0, 1)).toEqual([])
    expect(directPath(2, 7)).toEqual([5, 3])
    expect([sibling(0), sibling(2), sibling(1), sibling(5)]).toEqual([2, 0, 5, 1])
  })
})

test('a new member finds its place among blanks', () => {
  const members = groupOf(users)
  const [alice] = members
  if (!alice) throw new Error('no member')
  commitAndFollow(members, [{ kind: 'remove', removed: 2 }])
  const staying = members.filter(({ isMember }) => isMember)
  addAll(staying, [keyPackageOf('mimi://a.example/u/frank')])
  const tree = parseTree('sha256', alice.ratchetTree())
  expect(leafAt(tree, 2)?.credential).toEqual({
    kind: 'basic',
    identity: Buffer.from('mimi://a.example/u/frank'),
  })
})
