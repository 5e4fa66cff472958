import { encode, opaque, struct, uint16, uint32, uint64, type Decoded } from '../codec.ts'
import { protocolVersionCodec } from './cipher-suite.ts'
import { extensionsCodec } from './extension.ts'
import { groupIdBytesMax, hashBytesMax, signatureBytesMax } from './limits.ts'

/** RFC 9420 §8.1 */
export const groupContextCodec = struct({
  version: protocolVersionCodec,
  cipherSuite: uint16,
  groupId: opaque(groupIdBytesMax),
  epoch: uint64,
  treeHash: opaque(hashBytesMax),
  confirmedTranscriptHash: opaque(hashBytesMax),
  extensions: extensionsCodec,
})
export type GroupContext = Decoded<typeof groupContextCodec>

const signedFields = {
  groupContext: groupContextCodec,
  extensions: extensionsCodec,
  confirmationTag: opaque(hashBytesMax),
  signer: uint32,
}
const unsignedGroupInfoCodec = struct(signedFields)

/** RFC 9420 §12.4.3 */
export const groupInfoCodec = struct({ ...signedFields, signature: opaque(signatureBytesMax) })
export type GroupInfo = Decoded<typeof groupInfoCodec>
export type UnsignedGroupInfo = Decoded<typeof unsignedGroupInfoCodec>

/** The bytes of `GroupInfoTBS`. */
export function groupInfoTbs(groupInfo: UnsignedGroupInfo): Buffer {
  return encode(unsignedGroupInfoCodec, groupInfo)
}
