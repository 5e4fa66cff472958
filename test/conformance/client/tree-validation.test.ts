import { expect, test } from 'vitest'
import { mlsSuite } from '../../../src/mls-crypto/suite.ts'
import { validateLeaf } from '../../../src/client/mls/leaf.ts'
import { RatchetTree } from '../../../src/client/mls/ratchet-tree.ts'
import { validateTree } from '../../../src/client/mls/tree-validation.ts'
import { decode, encode } from '../../../src/wire/codec.ts'
import { ratchetTreeCodec } from '../../../src/wire/mls/ratchet-tree.ts'
import { fromHex } from '../../support/hex.ts'
import { vectorJson } from '../../support/vectors.ts'

interface Case {
  readonly cipher_suite: number
  readonly tree: string
  readonly group_id: string
  readonly resolutions: readonly (readonly number[])[]
  readonly tree_hashes: readonly string[]
}

test('members accept every tree of the vectors, with its hash and its resolutions', () => {
  const cases = (vectorJson('mls/tree-validation.json.gz') ?? []) as readonly Case[]
  for (const vector of cases) {
    const bytes = fromHex(vector.tree)
    const suite = mlsSuite(vector.cipher_suite)
    const tree = RatchetTree.fromWire(suite, decode(ratchetTreeCodec, bytes))
    expect(encode(ratchetTreeCodec, tree.toWire()).equals(bytes)).toBe(true)
    validateTree(tree)
    for (const { index, leaf } of tree.leaves())
      validateLeaf(suite, leaf, {
        position: { groupId: fromHex(vector.group_id), leafIndex: index },
      })
    const root = (tree.width - 1) / 2
    expect(tree.treeHash()).toEqual(fromHex(vector.tree_hashes[root] ?? ''))
    const resolutions = vector.resolutions.map((_, node) => tree.resolution(node))
    expect(resolutions).toEqual(vector.resolutions)
  }
})

test('members refuse a tree in which a parent hash or a key has been changed', () => {
  const cases = (vectorJson('mls/tree-validation.json.gz') ?? []) as readonly Case[]
  for (const { cipher_suite: code, tree: hex } of cases.filter((one) => one.cipher_suite === 1)) {
    const suite = mlsSuite(code)
    const wire = decode(ratchetTreeCodec, fromHex(hex))
    for (const [position, node] of wire.entries()) {
      if (node?.kind !== 'parent') continue
      const parentNode = { ...node.parentNode, encryptionKey: Buffer.alloc(32, 9) }
      const changed = wire.map((other, index) =>
        index === position ? ({ kind: 'parent', parentNode } as const) : other,
      )
      expect(() => validateTree(RatchetTree.fromWire(suite, changed))).toThrow('invalid-tree')
    }
  }
})
