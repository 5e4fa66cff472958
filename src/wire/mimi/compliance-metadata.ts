import {
  enumeration,
  optional,
  struct,
  text,
  uint16,
  uint64,
  type Codec,
  type Decoded,
} from '../codec.ts'

/** How a header carries the struct: base64url without padding. */
export const complianceHeaderCharactersMax = 512

/** Kinds of device: what an enterprise asks for, and no more. */
const deviceClassCodec = enumeration({ managed: 1, personal: 2, shared: 3, service: 4 })

/** ISO 3166-1 alpha-2, upper case. */
const countryCodec: Codec<string> = {
  read: (reader) => {
    const code = reader.fixed(2).toString('latin1')
    return COUNTRY.test(code) ? code : reader.fail('invalid-value')
  },
  write: (writer, code) => {
    if (!COUNTRY.test(code)) throw new RangeError('expected two upper-case letters')
    writer.fixed(Buffer.from(code, 'latin1'))
  },
}

const COUNTRY = /^[A-Z]{2}$/

/**
 * The private component 0x8D02, between gateways only: what MIMI-06 has no place for, on the word of
 * the sending provider. docs/negotiation.md, section 9
 */
export const complianceMetadataCodec = struct({
  component: enumeration({ complianceMetadata: 0x8d02 }, uint16),
  organisation: optional(text(128)),
  deviceClass: optional(deviceClassCodec),
  country: optional(countryCodec),
  /** Milliseconds since 1970 at which the follower's delivery service took the message. */
  deliveredAt: optional(uint64),
})
export type ComplianceMetadata = Decoded<typeof complianceMetadataCodec>
