import {
  encode,
  enumeration,
  nothing,
  opaque,
  select,
  struct,
  uint64,
  type Decoded,
} from '../codec.ts'
import { Writer } from '../writer.ts'
import { capabilitiesCodec } from './capabilities.ts'
import { credentialCodec } from './credential.ts'
import { extensionsCodec } from './extension.ts'
import { hashBytesMax, publicKeyBytesMax, signatureBytesMax } from './limits.ts'

/** `leaf_node_source` with what it selects. Lifetimes are seconds since the Unix epoch. */
const leafNodeSourceCodec = select(enumeration({ 'key-package': 1, update: 2, commit: 3 }), {
  'key-package': struct({ notBefore: uint64, notAfter: uint64 }),
  update: nothing,
  commit: struct({ parentHash: opaque(hashBytesMax) }),
})

const signedFields = {
  encryptionKey: opaque(publicKeyBytesMax),
  signatureKey: opaque(publicKeyBytesMax),
  credential: credentialCodec,
  capabilities: capabilitiesCodec,
  source: leafNodeSourceCodec,
  extensions: extensionsCodec,
}
const unsignedLeafNodeCodec = struct(signedFields)

/** RFC 9420 §7.2 */
export const leafNodeCodec = struct({ ...signedFields, signature: opaque(signatureBytesMax) })
export type LeafNode = Decoded<typeof leafNodeCodec>
export type UnsignedLeafNode = Decoded<typeof unsignedLeafNodeCodec>

/**
 * The bytes of `LeafNodeTBS`. The position counts for sources other than a KeyPackage only.
 * RFC 9420 §7.2
 */
export function leafNodeTbs(
  leaf: UnsignedLeafNode,
  position: { readonly groupId: Buffer; readonly leafIndex: number },
): Buffer {
  if (leaf.source.kind === 'key-package') return encode(unsignedLeafNodeCodec, leaf)
  const writer = new Writer()
  unsignedLeafNodeCodec.write(writer, leaf)
  writer.opaque(position.groupId)
  writer.uint32(position.leafIndex)
  return writer.take()
}
