import { enumeration, optional, struct, uint64, variant, type Decoded } from '../codec.ts'
import { mlsMessage } from '../mls/header.ts'
import { frankCodec } from './franking.ts'
import { identifierUriCodec, protocolCodec } from './protocol.ts'

/** A PrivateMessage with an application message, and who says to have sent it. draft-ietf-mimi-protocol-06 §5.4 */
export const submitMessageRequestCodec = struct({
  protocol: protocolCodec,
  appMessage: mlsMessage,
  sendingUri: identifierUriCodec,
})
export type SubmitMessageRequest = Decoded<typeof submitMessageRequestCodec>

/** `SubmitResponseCode`. The draft's `select` calls `accepted` `success`: the same value, 0. */
const submitResponseCodeCodec = enumeration({ accepted: 0, notAllowed: 1, epochTooOld: 2 })

/** Times in ms since the Unix epoch. draft-ietf-mimi-protocol-06 §5.4 */
export const submitMessageResponseCodec = variant(
  ['statusCode', submitResponseCodeCodec],
  {
    accepted: { acceptedTimestamp: uint64, frank: optional(frankCodec) },
    notAllowed: {},
    epochTooOld: { currentEpoch: uint64 },
  },
  { before: { protocol: protocolCodec } },
)
export type SubmitMessageResponse = Decoded<typeof submitMessageResponseCodec>
