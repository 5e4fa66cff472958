import { enumeration, optional, spanned, struct, variant, vector, type Decoded } from '../codec.ts'
import { appDataDictionaryCodec } from '../mls/app-data.ts'
import { keyPackageCodec } from '../mls/key-package.ts'
import { bodyBytesMax, elementCountMax } from './bounds.ts'
import { identifierUriCodec } from './protocol.ts'

/** `ConsentOperation`. draft-ietf-mimi-protocol-06 §5.7 */
const consentOperationCodec = enumeration({ cancel: 0, request: 1, grant: 2, revoke: 3 })

/** Who may add whom, in one room or in any. `RoomId` is an IdentifierUri. draft-ietf-mimi-protocol-06 §5.7 */
export const consentScopeCodec = struct({
  requesterUri: identifierUriCodec,
  targetUri: identifierUriCodec,
  roomId: optional(identifierUriCodec),
})

/** The body of `requestConsent` (cancel, request) and `updateConsent` (grant, revoke). draft-ietf-mimi-protocol-06 §5.7 */
export const consentEntryCodec = variant(
  ['consentOperation', consentOperationCodec],
  {
    cancel: {},
    request: {},
    grant: {
      clientKeyPackages: vector(spanned(keyPackageCodec), {
        countMax: elementCountMax,
        bytesMax: bodyBytesMax,
      }),
    },
    revoke: {},
  },
  {
    between: {
      requesterUri: identifierUriCodec,
      targetUri: identifierUriCodec,
      roomId: optional(identifierUriCodec),
    },
    after: { consentExtensions: appDataDictionaryCodec },
  },
)
export type ConsentEntry = Decoded<typeof consentEntryCodec>
