import { opaque, struct, text, vector, type Codec } from '../codec.ts'
import { bodyBytesMax, elementCountMax, textBytesMax } from './bounds.ts'
import { uriBytesMax } from './protocol.ts'

/** `struct { opaque uri<V>; } Uri`, as its text. draft-ietf-mimi-protocol-06 §7.6 */
export const uriCodec: Codec<string> = text(uriBytesMax)

/** `struct { opaque string<V>; } UTF8String`: UTF-8 without NUL. draft-ietf-mimi-protocol-06 §7.6 */
export const utf8StringCodec: Codec<string> = withoutNul(text(textBytesMax))

/** One description; an empty media type means `text/plain;charset=utf-8`. draft-ietf-mimi-protocol-06 §7.6 */
export const richDescriptionCodec = struct({
  mediaType: text(uriBytesMax),
  languageTag: text(uriBytesMax),
  descriptionContent: opaque(textBytesMax),
})

/** The GroupContext component 0x0023 `room_metadata`, and a RoomMetaUpdate: a full replacement. draft-ietf-mimi-protocol-06 §7.6 */
export const roomMetaDataCodec = struct({
  roomUri: uriCodec,
  roomName: utf8StringCodec,
  roomDescriptions: vector(richDescriptionCodec, {
    countMax: elementCountMax,
    bytesMax: bodyBytesMax,
  }),
  roomAvatar: uriCodec,
  roomSubject: utf8StringCodec,
  roomMood: utf8StringCodec,
})

function withoutNul(codec: Codec<string>): Codec<string> {
  return {
    read: (reader) => {
      const value = codec.read(reader)
      return value.includes('\0') ? reader.fail('invalid-utf8') : value
    },
    write: codec.write,
  }
}
