import {
  enumeration,
  optional,
  struct,
  text,
  uint64,
  vector,
  type Codec,
  type Decoded,
} from '../codec.ts'
import { mediaTypeCodec } from '../mls/application-framing.ts'
import { bodyBytesMax, elementCountMax } from './bounds.ts'

/** Octets of a domain name. RFC 1035 §2.3.4 */
const domainBytesMax = 255

/** `struct { opaque domain<V>; } DomainName`, as its text. draft-ietf-mimi-room-policy-03 §6.4 */
export const domainNameCodec: Codec<string> = text(domainBytesMax)

/** Where the clients of one provider upload to. draft-ietf-mimi-room-policy-03 §6.4 */
export const providerAssetUploadDomainsCodec = struct({
  provider: domainNameCodec,
  assetUploadDestinations: vector(domainNameCodec, { countMax: elementCountMax }),
})

const downloadType = enumeration({ direct: 0, hubProxy: 1, ohttp: 2 })
const downloadTypes = vector(downloadType, { countMax: 3 })

/** How assets may be downloaded. draft-ietf-mimi-room-policy-03 §6.4 */
export const downloadPrivacyCodec = struct({
  allowedDownloadTypes: downloadTypes,
  forbiddenDownloadTypes: downloadTypes,
  defaultDownloadType: downloadType,
})

const mediaTypes = vector(mediaTypeCodec, { countMax: elementCountMax, bytesMax: bodyBytesMax })

/** The GroupContext component 0x002C `asset_policy`, and its update: a full replacement. draft-ietf-mimi-room-policy-03 §6.4 */
export const assetPolicyCodec = struct({
  assetUploadLocation: enumeration({ unspecified: 0, localProvider: 1, hub: 2 }),
  uploadDomains: vector(providerAssetUploadDomainsCodec, {
    countMax: elementCountMax,
    bytesMax: bodyBytesMax,
  }),
  downloadPrivacy: downloadPrivacyCodec,
  /** Octets. */
  maxImage: uint64,
  maxAudio: uint64,
  maxVideo: uint64,
  maxAttachment: uint64,
  forbiddenMediaTypes: mediaTypes,
  permittedMediaTypes: optional(mediaTypes),
})
export type AssetPolicy = Decoded<typeof assetPolicyCodec>
