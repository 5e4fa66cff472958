import { opaque, struct, uint16, vector, type Codec, type Decoded } from '../codec.ts'
import { extensionBytesMax, extensionCountMax, handshakeBytesMax } from './limits.ts'

/** Numbers of RFC 9420 §17.3 and draft-ietf-mls-extensions; 0xF4D2 and 0xF4D4 are private to this product. */
export const extensionTypes = {
  applicationId: 1,
  ratchetTree: 2,
  requiredCapabilities: 3,
  externalPub: 4,
  externalSenders: 5,
  appDataDictionary: 6,
  supportedWireFormats: 7,
  requiredWireFormats: 8,
  identityLink: 0xf4d2,
  roomAuthKey: 0xf4d4,
} as const

const extensionCodec = struct({ type: uint16, data: opaque(extensionBytesMax) })
export type Extension = Decoded<typeof extensionCodec>

const list = vector(extensionCodec, { countMax: extensionCountMax, bytesMax: handshakeBytesMax })

/** `Extension extensions<V>` in their order; a type that is there twice is `invalid-value`. RFC 9420 §13.4 */
export const extensionsCodec: Codec<readonly Extension[]> = {
  read: (reader) => {
    const extensions = list.read(reader)
    if (new Set(extensions.map(({ type }) => type)).size !== extensions.length)
      reader.fail('invalid-value')
    return extensions
  },
  write: list.write,
}

/** The data of the extension of this type, or undefined. */
export function extensionData(extensions: readonly Extension[], type: number): Buffer | undefined {
  return extensions.find((extension) => extension.type === type)?.data
}
