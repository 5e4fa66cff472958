import { enumeration, opaque, struct, uint64, vector, type Decoded } from '../codec.ts'
import { appDataDictionaryCodec } from '../mls/app-data.ts'
import { bodyBytesMax, textBytesMax } from './bounds.ts'
import { frankCodec } from './franking.ts'
import { identifierUriCodec } from './protocol.ts'

/** Messages in one report: "a handful". */
const abusiveMessageCountMax = 64

/** One reported message: its exact application data, its frank and the hub's time in ms. draft-ietf-mimi-protocol-06 §5.9 */
export const abusiveMessageCodec = struct({
  messageContent: opaque(bodyBytesMax),
  frank: frankCodec,
  acceptedTimestamp: uint64,
})

/** `enum { reserved(0) } AbuseType`: the draft lists no reason, so 0 is the only value there is. */
export const abuseTypeCodec = enumeration({ reserved: 0 })

/**
 * The body of `reportAbuse`. An empty `reportingUser` names nobody. `note` is UTF-8 for people.
 * draft-ietf-mimi-protocol-06 §5.9
 */
export const abuseReportCodec = struct({
  reportingUser: identifierUriCodec,
  allegedAbuserUri: identifierUriCodec,
  reasonCode: abuseTypeCodec,
  note: opaque(textBytesMax),
  messages: vector(abusiveMessageCodec, {
    countMax: abusiveMessageCountMax,
    bytesMax: bodyBytesMax,
  }),
  abuseExtensions: appDataDictionaryCodec,
})
export type AbuseReport = Decoded<typeof abuseReportCodec>
