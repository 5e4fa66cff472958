import { enumeration, opaque, spanned, struct, text, variant, type Decoded } from '../codec.ts'
import { extensionsCodec } from '../mls/extension.ts'
import { groupInfoCodec } from '../mls/group-info.ts'
import { keyBytesMax, treeBytesMax } from './bounds.ts'

/** Octets of the address of a ratchet tree. */
const treeUrlBytesMax = 4_096

/** How a ratchet tree is given. draft-mahy-mls-ratchet-tree-options-02 §3 */
const ratchetTreeRepresentationCodec = enumeration({
  full: 1,
  httpsUri: 2,
  outOfBand: 3,
  distributionService: 4,
})

/**
 * A ratchet tree, or where to get it. `ratchetTree` is the inside of `optional<Node> ratchet_tree<V>`,
 * not decoded: who needs the nodes decodes it once, with `ratchetTreeCodec`.
 * draft-mahy-mls-ratchet-tree-options-02 §3
 */
export const ratchetTreeOptionCodec = variant(['representation', ratchetTreeRepresentationCodec], {
  full: { ratchetTree: opaque(treeBytesMax) },
  httpsUri: { ratchetTreeUrl: text(treeUrlBytesMax), treeSignature: opaque(keyBytesMax) },
  outOfBand: { treeSignature: opaque(keyBytesMax) },
  distributionService: {},
})
export type RatchetTreeOption = Decoded<typeof ratchetTreeOptionCodec>

/** What a hub that follows the group cannot derive of a GroupInfo. draft-mahy-mls-ratchet-tree-options-02 §4 */
export const partialGroupInfoCodec = struct({
  ratchetTreePresence: enumeration({ noRatchetTree: 0, present: 1, removed: 2, added: 3 }),
  groupInfoExtensions: extensionsCodec,
  signature: opaque(keyBytesMax),
})

/** `GroupInfoRepresentation`. draft-ietf-mimi-protocol-06 §5.3 */
const groupInfoRepresentationCodec = enumeration({ full: 1, partial: 2 })

/** A GroupInfo or the part of it that the hub lacks. draft-ietf-mimi-protocol-06 §5.3 */
export const groupInfoOptionCodec = variant(['representation', groupInfoRepresentationCodec], {
  full: { groupInfo: spanned(groupInfoCodec) },
  partial: { partialGroupInfo: partialGroupInfoCodec },
})
export type GroupInfoOption = Decoded<typeof groupInfoOptionCodec>
