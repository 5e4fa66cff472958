import {
  enumeration,
  opaque,
  optional,
  select,
  spanned,
  struct,
  uint32,
  vector,
  type Codec,
  type Decoded,
} from '../codec.ts'
import { leafNodeCodec } from './leaf-node.ts'
import { handshakeBytesMax, hashBytesMax, publicKeyBytesMax, treeNodeCountMax } from './limits.ts'

const unmergedLeaves = vector(uint32, {
  countMax: treeNodeCountMax,
  bytesMax: 4 * treeNodeCountMax,
})

/** Leaf indices in rising order, each once; any other order is `not-ascending`. RFC 9420 §7.1 */
const ascendingLeaves: Codec<readonly number[]> = {
  read: (reader) => {
    const leaves = unmergedLeaves.read(reader)
    for (let index = 1; index < leaves.length; index++)
      if ((leaves[index - 1] ?? 0) >= (leaves[index] ?? 0)) reader.fail('not-ascending')
    return leaves
  },
  write: unmergedLeaves.write,
}

/** RFC 9420 §7.1 */
export const parentNodeCodec = struct({
  encryptionKey: opaque(publicKeyBytesMax),
  parentHash: opaque(hashBytesMax),
  unmergedLeaves: ascendingLeaves,
})
export type ParentNode = Decoded<typeof parentNodeCodec>

/** RFC 9420 §7.8 */
const treeNodeCodec = select(enumeration({ leaf: 1, parent: 2 }), {
  leaf: struct({ leafNode: leafNodeCodec }),
  parent: struct({ parentNode: parentNodeCodec }),
})
export type TreeNode = Decoded<typeof treeNodeCodec>

const bounds = { countMax: treeNodeCountMax, bytesMax: handshakeBytesMax }

/** `optional<Node> ratchet_tree<V>`: extension 2. Syntax only. RFC 9420 §12.4.3.3 */
export const ratchetTreeCodec = vector(optional(treeNodeCodec), bounds)
export type RatchetTree = Decoded<typeof ratchetTreeCodec>

/** The same, each node with the bytes of its `optional<Node>`. */
export const spannedRatchetTreeCodec = vector(spanned(optional(treeNodeCodec)), bounds)
