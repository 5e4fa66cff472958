import { createHmac } from 'node:crypto'
import { decode, opaque, struct, vector } from '../wire/codec.ts'
import { messageId, readFrankedFields, type FrankedFields } from '../wire/cbor/mimi-content.ts'
import { WireError } from '../wire/errors.ts'

/** What the octets of a reported message say about themselves. */
export interface ReportedContent extends FrankedFields {
  /** HMAC-SHA256 under the salt over all octets. draft-ietf-mimi-protocol-06 §5.4.1 */
  readonly frankingTag: Buffer
  /** The MIMI content alone, where ApplicationFraming is around it. */
  readonly content: Buffer
}

/**
 * Reads application data, framed or not: MIMI content begins with 0x87, which no ApplicationFraming can.
 * Undefined for octets that are neither, and for a salt that has not 16 octets.
 * draft-ietf-mls-extensions §4.10
 */
export function readApplicationData(applicationData: Buffer): ReportedContent | undefined {
  try {
    const content =
      applicationData[0] === ARRAY_OF_SEVEN
        ? applicationData
        : decode(applicationFramingCodec, applicationData).innerApplicationContent
    const fields = readFrankedFields(content)
    const frankingTag = createHmac('sha256', fields.salt).update(applicationData).digest()
    return { ...fields, frankingTag, content }
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

/** The id by which a message is known, whoever reports it. Undefined without sender or room. */
export function reportedMessageId(reported: ReportedContent): Buffer | undefined {
  const { senderUri, roomUri, salt, content } = reported
  if (senderUri === undefined || roomUri === undefined) return undefined
  return messageId({ senderUri, roomUri, content, salt })
}

const ARRAY_OF_SEVEN = 0x87
const MEDIA_TYPE_BYTES_MAX = 1_024
const CONTENT_BYTES_MAX = 1_048_576
const shortText = opaque(MEDIA_TYPE_BYTES_MAX)

const applicationFramingCodec = struct({
  type: shortText,
  parameters: vector(struct({ name: shortText, value: shortText }), { countMax: 32 }),
  innerApplicationContent: opaque(CONTENT_BYTES_MAX),
})
