import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mlsSuite } from '../../../src/mls-crypto/suite.ts'
import { SecretTree, SKIPPED_KEYS_MAX } from '../../../src/client/mls/secret-tree.ts'

const suite = mlsSuite(1)
const encryptionSecret = Buffer.alloc(32, 3)

function tree(leafCount: number): SecretTree {
  return new SecretTree(suite, { encryptionSecret, leafCount })
}

test('whatever the order of arrival, a receiver finds the sender’s keys, each once', () => {
  const orders = fc
    .integer({ min: 1, max: 40 })
    .chain((count) => fc.shuffledSubarray(Array.from({ length: count }, (_, index) => index)))
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4 }),
      fc.nat(15),
      orders,
      (depth, leafNumber, generations) => {
        const leafCount = 2 ** depth
        const leaf = leafNumber % leafCount
        const [sender, receiver] = [tree(leafCount), tree(leafCount)]
        const keys = Array.from({ length: 40 }, () => sender.next(leaf, 'application').aead)
        for (const generation of generations) {
          expect(receiver.peek(leaf, 'application', generation)).toEqual(keys[generation])
          receiver.consume(leaf, 'application', generation)
          expect(() => receiver.peek(leaf, 'application', generation)).toThrow(
            'generation-consumed',
          )
        }
      },
    ),
    { numRuns: 50 },
  )
})

test('no two leaves or ratchets share a key', () => {
  const keys = [0, 1, 2, 3].flatMap((leaf) =>
    (['handshake', 'application'] as const).flatMap((name) => {
      const own = tree(4)
      return [0, 1, 2].map(() => own.next(leaf, name).aead.key.toString('hex'))
    }),
  )
  expect(new Set(keys).size).toBe(keys.length)
})

test('a generation that is too far ahead is refused before any work', () => {
  const receiver = tree(2)
  expect(() => receiver.peek(1, 'application', SKIPPED_KEYS_MAX)).toThrow('generation-too-far')
  expect(() => receiver.peek(1, 'application', 2 ** 32 - 1)).toThrow('generation-too-far')
  expect(receiver.peek(1, 'application', SKIPPED_KEYS_MAX - 1).key).toHaveLength(16)
})

test('a leaf outside the tree has no keys', () => {
  expect(() => tree(2).peek(2, 'application', 0)).toThrow('unknown-sender')
})
