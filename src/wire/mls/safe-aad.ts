import { opaque, struct, uint16, type Decoded } from '../codec.ts'
import { ascendingComponents } from './app-data.ts'
import { authenticatedDataBytesMax } from './limits.ts'

/** `SafeAAD`: all of `authenticated_data` where the group uses component 0x0002. draft-ietf-mls-extensions §4.9 */
export const safeAadCodec = struct({
  aadItems: ascendingComponents(
    struct({ componentId: uint16, data: opaque(authenticatedDataBytesMax) }),
  ),
})
export type SafeAad = Decoded<typeof safeAadCodec>
