import { enumeration, opaque, struct, text, variant, vector, type Decoded } from '../codec.ts'
import { appDataDictionaryCodec } from '../mls/app-data.ts'
import { bodyBytesMax, elementCountMax, textBytesMax } from './bounds.ts'
import { identifierUriCodec } from './protocol.ts'

/** Elements of one query. */
export const queryElementCountMax = 64

/** Octets of the name of a claim, a property or a profile field. */
const fieldNameBytesMax = 256

/** Octets of one search value. */
const searchValueBytesMax = 1_024

/** `SearchIdentifierType`. draft-ietf-mimi-protocol-06 §5.8 */
const searchIdentifierTypeCodec = enumeration({
  handle: 1,
  nick: 2,
  email: 3,
  phone: 4,
  partialName: 5,
  wholeProfile: 6,
  oidcStdClaim: 7,
  vcardField: 8,
})

/** One condition of a query. draft-ietf-mimi-protocol-06 §5.8 */
export const queryElementCodec = variant(
  ['searchType', searchIdentifierTypeCodec],
  {
    handle: {},
    nick: {},
    email: {},
    phone: {},
    partialName: {},
    wholeProfile: {},
    oidcStdClaim: { claimName: opaque(fieldNameBytesMax) },
    vcardField: { propertyName: opaque(fieldNameBytesMax) },
  },
  { after: { searchValue: text(searchValueBytesMax) } },
)
export type QueryElement = Decoded<typeof queryElementCodec>

/** All elements must match. draft-ietf-mimi-protocol-06 §5.8 */
export const identifierRequestCodec = struct({
  queryElements: vector(queryElementCodec, {
    countMax: queryElementCountMax,
    bytesMax: bodyBytesMax,
  }),
  idRequestExtensions: appDataDictionaryCodec,
})

/** `IdentifierQueryCode`. draft-ietf-mimi-protocol-06 §5.8 */
const identifierQueryCodeCodec = enumeration({
  success: 0,
  notFound: 1,
  ambiguous: 2,
  forbidden: 3,
  unsupportedField: 4,
})

/** One field of a profile. draft-ietf-mimi-protocol-06 §5.8 */
export const profileFieldCodec = struct({
  fieldSource: enumeration({ oidcStdClaim: 7, vcardField: 8 }),
  fieldName: text(fieldNameBytesMax),
  fieldValue: opaque(textBytesMax),
})
export type ProfileField = Decoded<typeof profileFieldCodec>

/** One found user. draft-ietf-mimi-protocol-06 §5.8 */
export const userProfileCodec = struct({
  stableUri: identifierUriCodec,
  fields: vector(profileFieldCodec, { countMax: elementCountMax, bytesMax: bodyBytesMax }),
})

/** The answer to a query. draft-ietf-mimi-protocol-06 §5.8 */
export const identifierResponseCodec = struct({
  responseCode: identifierQueryCodeCodec,
  uri: vector(identifierUriCodec, { countMax: elementCountMax, bytesMax: bodyBytesMax }),
  foundProfiles: vector(userProfileCodec, { countMax: elementCountMax, bytesMax: bodyBytesMax }),
  idResponseExtensions: appDataDictionaryCodec,
})
export type IdentifierResponse = Decoded<typeof identifierResponseCodec>
