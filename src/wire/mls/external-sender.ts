import { opaque, struct, vector, type Decoded } from '../codec.ts'
import { credentialCodec } from './credential.ts'
import { externalSenderCountMax, publicKeyBytesMax } from './limits.ts'

/** RFC 9420 §12.1.8.1 */
export const externalSenderCodec = struct({
  signatureKey: opaque(publicKeyBytesMax),
  credential: credentialCodec,
})
export type ExternalSender = Decoded<typeof externalSenderCodec>

/** The content of extension 5. */
export const externalSendersCodec = vector(externalSenderCodec, {
  countMax: externalSenderCountMax,
})
