import {
  enumeration,
  opaque,
  optional,
  spanned,
  struct,
  uint16,
  variant,
  vector,
  type Decoded,
} from '../codec.ts'
import { capabilitiesCodec, requiredCapabilitiesCodec } from '../mls/capabilities.ts'
import { credentialCodec } from '../mls/credential.ts'
import { keyPackageCodec } from '../mls/key-package.ts'
import { bodyBytesMax, elementCountMax, keyBytesMax } from './bounds.ts'
import { identifierUriCodec, protocolCodec } from './protocol.ts'

const signedFields = {
  protocol: protocolCodec,
  requestingUser: identifierUriCodec,
  targetUser: identifierUriCodec,
  roomId: identifierUriCodec,
  acceptableCiphersuites: vector(uint16, { countMax: elementCountMax }),
  requiredCapabilities: requiredCapabilitiesCodec,
  requesterSignatureKey: opaque(keyBytesMax),
  requesterCredential: credentialCodec,
}

/** What the requesting client signs, under the label `KeyMaterialRequestTBS`. draft-ietf-mimi-protocol-06 §5.2 */
export const keyMaterialRequestTBSCodec = struct(signedFields)

/** An empty `roomId` names no room. draft-ietf-mimi-protocol-06 §5.2 */
export const keyMaterialRequestCodec = struct({
  ...signedFields,
  keyMaterialRequestSignature: opaque(keyBytesMax),
})
export type KeyMaterialRequest = Decoded<typeof keyMaterialRequestCodec>

/** `KeyMaterialUserCode`. draft-ietf-mimi-protocol-06 §5.2 */
export const keyMaterialUserCodeCodec = enumeration({
  success: 0,
  partialSuccess: 1,
  incompatibleProtocol: 2,
  noCompatibleMaterial: 3,
  userUnknown: 4,
  noConsent: 5,
  noConsentForThisRoom: 6,
  userDeleted: 7,
})

/** `KeyMaterialClientCode`. draft-ietf-mimi-protocol-06 §5.2 */
const keyMaterialClientCodeCodec = enumeration({
  success: 0,
  keyMaterialExhausted: 1,
  nothingCompatible: 2,
})

/** One client of the target user. draft-ietf-mimi-protocol-06 §5.2 */
export const clientKeyMaterialCodec = variant(
  ['clientStatus', keyMaterialClientCodeCodec],
  {
    success: { keyPackage: spanned(keyPackageCodec) },
    keyMaterialExhausted: {},
    nothingCompatible: { clientCapabilities: optional(capabilitiesCodec) },
  },
  { between: { clientUri: identifierUriCodec } },
)
export type ClientKeyMaterial = Decoded<typeof clientKeyMaterialCodec>

/** draft-ietf-mimi-protocol-06 §5.2 */
export const keyMaterialResponseCodec = struct({
  protocol: protocolCodec,
  userStatus: keyMaterialUserCodeCodec,
  userUri: identifierUriCodec,
  clients: vector(clientKeyMaterialCodec, { countMax: elementCountMax, bytesMax: bodyBytesMax }),
})
export type KeyMaterialResponse = Decoded<typeof keyMaterialResponseCodec>
