import { enumeration, select, struct, uint16, type Codec, type Decoded } from '../codec.ts'
import { protocolVersionCodec } from './cipher-suite.ts'
import { privateMessageCodec, publicMessageCodec } from './framing.ts'
import { groupInfoCodec } from './group-info.ts'
import { keyPackageCodec } from './key-package.ts'
import { welcomeCodec } from './welcome.ts'

/** Numbers of RFC 9420 §17.2. */
export const wireFormats = {
  public: 1,
  private: 2,
  welcome: 3,
  'group-info': 4,
  'key-package': 5,
} as const
export type WireFormat = keyof typeof wireFormats

/** A format that is not known is `unsupported-wire-format`. */
export const wireFormatCodec: Codec<WireFormat> = enumeration(
  wireFormats,
  uint16,
  'unsupported-wire-format',
)

const body = select(wireFormatCodec, {
  public: struct({ publicMessage: publicMessageCodec }),
  private: struct({ privateMessage: privateMessageCodec }),
  welcome: struct({ welcome: welcomeCodec }),
  'group-info': struct({ groupInfo: groupInfoCodec }),
  'key-package': struct({ keyPackage: keyPackageCodec }),
})

/** RFC 9420 §6, decoded in full. Codes: `unsupported-version`, `unsupported-wire-format`. */
export const mlsMessageCodec: Codec<MlsMessage> = {
  read: (reader) => {
    protocolVersionCodec.read(reader)
    return body.read(reader)
  },
  write: (writer, message) => {
    protocolVersionCodec.write(writer, 1)
    body.write(writer, message)
  },
}
export type MlsMessage = Decoded<typeof body>
