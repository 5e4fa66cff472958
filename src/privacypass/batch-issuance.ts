import {
  enumeration,
  fixed,
  optional,
  struct,
  uint16,
  uint8,
  vector,
  type Decoded,
} from '../wire/codec.ts'
import { genericTokenResponseCodec, tokenRequestCodec } from './issuance.ts'
import { tokenTypeCodes } from './token-type.ts'

/** Tokens of one batch. */
const batchCountMax = 128

/** Requests of any types and keys. draft-ietf-privacypass-batched-tokens §6.1 */
export const genericBatchRequestCodec = struct({
  tokenRequests: vector(tokenRequestCodec, { countMax: batchCountMax }),
})

/** One answer for each request, in its order; undefined where none was issued. draft-ietf-privacypass-batched-tokens §6.2 */
export const genericBatchResponseCodec = struct({
  tokenResponses: vector(optional(genericTokenResponseCodec), { countMax: batchCountMax }),
})

const elements = vector(fixed(32), { countMax: batchCountMax })

/** Many tokens of type 0x0005 under one key. draft-ietf-privacypass-batched-tokens §5.1 */
export const amortizedBatchRequestCodec = struct({
  tokenType: enumeration({ voprfRistretto255: tokenTypeCodes.voprfRistretto255 }, uint16),
  truncatedTokenKeyId: uint8,
  blindedMessages: elements,
})
export type AmortizedBatchRequest = Decoded<typeof amortizedBatchRequestCodec>

/** Its answer: one proof for all. draft-ietf-privacypass-batched-tokens §5.2 */
export const amortizedBatchResponseCodec = struct({
  evaluatedMessages: elements,
  evaluatedProof: fixed(64),
})
export type AmortizedBatchResponse = Decoded<typeof amortizedBatchResponseCodec>
