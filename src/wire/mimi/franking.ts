import { fixed, opaque, struct, uint16, uint64, type Decoded } from '../codec.ts'
import { credentialCodec } from '../mls/credential.ts'
import { keyBytesMax } from './bounds.ts'
import { identifierUriCodec } from './protocol.ts'

/** Octets of a franking tag and of a server frank: HMAC-SHA256. */
export const frankBytes = 32

/** The SafeAAD component 0x0020. draft-ietf-mimi-protocol-06 §5.4.1 */
export const frankAADCodec = struct({ frankingTag: fixed(frankBytes) })

/** The hub's stamp on a message. draft-ietf-mimi-protocol-06 §5.4 */
export const frankCodec = struct({
  serverFrank: fixed(frankBytes),
  frankingSignatureCiphersuite: uint16,
  frankingIntegritySignature: opaque(keyBytesMax),
})
export type Frank = Decoded<typeof frankCodec>

/** What the hub knows of a message when it franks it; the timestamp is in ms. draft-ietf-mimi-protocol-06 §5.4.1 */
export const serverFrankingContextCodec = struct({
  senderUri: identifierUriCodec,
  roomUri: identifierUriCodec,
  acceptedTimestamp: uint64,
})

/** What the hub signs, under the label `FrankingIntegrityTBS`. draft-ietf-mimi-protocol-06 §5.4.1 */
export const frankingIntegrityTBSCodec = struct({
  serverFrank: fixed(frankBytes),
  frankingSignatureCiphersuite: uint16,
  context: serverFrankingContextCodec,
})

/** The GroupContext component 0x0021 `franking_agent`, and a FrankingAgentUpdate of it. draft-ietf-mimi-protocol-06 §5.4.1 */
export const frankingAgentDataCodec = struct({
  frankingSignatureKey: opaque(keyBytesMax),
  credential: credentialCodec,
})
