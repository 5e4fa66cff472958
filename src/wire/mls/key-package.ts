import { encode, opaque, struct, uint16, type Decoded } from '../codec.ts'
import { protocolVersionCodec } from './cipher-suite.ts'
import { extensionsCodec } from './extension.ts'
import { leafNodeCodec } from './leaf-node.ts'
import { publicKeyBytesMax, signatureBytesMax } from './limits.ts'

const signedFields = {
  version: protocolVersionCodec,
  cipherSuite: uint16,
  initKey: opaque(publicKeyBytesMax),
  leafNode: leafNodeCodec,
  extensions: extensionsCodec,
}
const unsignedKeyPackageCodec = struct(signedFields)

/** RFC 9420 §10. Syntax only: whether the leaf's source and signatures are right is for who uses it. */
export const keyPackageCodec = struct({ ...signedFields, signature: opaque(signatureBytesMax) })
export type KeyPackage = Decoded<typeof keyPackageCodec>
export type UnsignedKeyPackage = Decoded<typeof unsignedKeyPackageCodec>

/** The bytes of `KeyPackageTBS`. */
export function keyPackageTbs(keyPackage: UnsignedKeyPackage): Buffer {
  return encode(unsignedKeyPackageCodec, keyPackage)
}
