import { opaque, struct, vector, type Decoded } from '../codec.ts'
import { ciphertextBytesMax } from './limits.ts'

/** Octets of a media type's name, and of a parameter's name or value. */
const mediaTypeBytesMax = 1_024
const mediaTypeParameterCountMax = 64

/** One parameter of a media type. draft-ietf-mls-extensions §6.2 */
const mediaTypeParameterCodec = struct({
  parameterName: opaque(mediaTypeBytesMax),
  parameterValue: opaque(mediaTypeBytesMax),
})

/** draft-ietf-mls-extensions §6.2 */
export const mediaTypeCodec = struct({
  mediaType: opaque(mediaTypeBytesMax),
  parameters: vector(mediaTypeParameterCodec, { countMax: mediaTypeParameterCountMax }),
})
export type MediaType = Decoded<typeof mediaTypeCodec>

/** The application data of a group whose GroupContext has `content_media_types` (0x0003). draft-ietf-mls-extensions §6.2 */
export const applicationFramingCodec = struct({
  mediaType: mediaTypeCodec,
  innerApplicationContent: opaque(ciphertextBytesMax),
})
export type ApplicationFraming = Decoded<typeof applicationFramingCodec>
