import { opaque, optional, struct, vector, type Decoded } from '../codec.ts'
import { hpkeCiphertextCodec } from './hpke-ciphertext.ts'
import { leafNodeCodec } from './leaf-node.ts'
import {
  handshakeBytesMax,
  pathLengthMax,
  proposalCountMax,
  publicKeyBytesMax,
  treeNodeCountMax,
} from './limits.ts'
import { proposalOrRefCodec } from './proposal.ts'

/** RFC 9420 §7.6 */
const updatePathNodeCodec = struct({
  encryptionKey: opaque(publicKeyBytesMax),
  encryptedPathSecret: vector(hpkeCiphertextCodec, {
    countMax: treeNodeCountMax,
    bytesMax: handshakeBytesMax,
  }),
})
export type UpdatePathNode = Decoded<typeof updatePathNodeCodec>

/** RFC 9420 §7.6 */
const updatePathCodec = struct({
  leafNode: leafNodeCodec,
  nodes: vector(updatePathNodeCodec, { countMax: pathLengthMax, bytesMax: handshakeBytesMax }),
})
export type UpdatePath = Decoded<typeof updatePathCodec>

/** RFC 9420 §12.4 */
export const commitCodec = struct({
  proposals: vector(proposalOrRefCodec, {
    countMax: proposalCountMax,
    bytesMax: handshakeBytesMax,
  }),
  path: optional(updatePathCodec),
})
export type Commit = Decoded<typeof commitCodec>
