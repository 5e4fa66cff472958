import { describe, expect, test } from 'vitest'
import { treeHash, nodeHash } from '../../../src/rooms/tree-hash.ts'
import { treeValidation } from '../../../src/rooms/tree-validation.ts'
import { leavesOf, parseTree, resolution, treeBytes } from '../../../src/rooms/tree.ts'
import { cipherSuite } from '../../../src/wire/mls/cipher-suite.ts'
import { leafNodeTbs } from '../../../src/wire/mls/leaf-node.ts'
import { verifyWithLabel } from '../../../src/wire/mls/sign-with-label.ts'
import { vectorJson } from '../../support/vectors.ts'

interface Case {
  readonly cipher_suite: number
  readonly tree: string
  readonly group_id: string
  readonly tree_hashes: readonly string[]
  readonly resolutions: readonly (readonly number[])[]
}
const cases = vectorJson('mls/tree-validation.json.gz') as readonly Case[] | undefined

describe.skipIf(cases === undefined)('the official vectors for trees', () => {
  const indexed = (cases ?? []).map((one, index) => ({ ...one, index }))

  test.each(indexed)('tree $index of suite $cipher_suite is valid', (one) => {
    const hash = cipherSuite(one.cipher_suite)?.hash
    if (hash === undefined) throw new Error('unexpected suite')
    const bytes = Buffer.from(one.tree, 'hex')
    const tree = parseTree(hash, bytes)
    const hashes = one.tree_hashes.map((_, node) => nodeHash(tree, node).toString('hex'))
    expect(hashes).toEqual(one.tree_hashes)
    expect(one.resolutions.map((_, node) => resolution(tree, node))).toEqual(one.resolutions)
    expect(treeHash(tree).toString('hex')).toBe(one.tree_hashes[(tree.nodes.length - 1) >> 1])
    for (const _ of treeValidation(tree)) continue
    expect(treeBytes(tree)).toEqual(bytes)
    const groupId = Buffer.from(one.group_id, 'hex')
    for (const [leafIndex, leaf] of leavesOf(tree))
      expect(
        verifyWithLabel({
          cipherSuite: one.cipher_suite,
          publicKey: leaf.signatureKey,
          label: 'LeafNodeTBS',
          content: leafNodeTbs(leaf, { groupId, leafIndex }),
          signature: leaf.signature,
        }),
      ).toBe(true)
  })

  test('there are 98', () => expect(cases).toHaveLength(98))
})
