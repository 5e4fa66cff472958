import {
  array,
  boolean,
  constantFrom,
  integer,
  oneof,
  uniqueArray,
  type Arbitrary,
} from 'fast-check'
import type { Decoded } from '../../../src/wire/codec.ts'
import type { structs, StructName } from '../../../src/wire/mimi/registry.ts'
import {
  bytes,
  exactBytes,
  list,
  oneOf,
  optional,
  record,
  tag,
  text,
  uint16,
  uint32,
  uint64,
} from './base.ts'
import { mediaType } from './mls.ts'

type Value<Name extends StructName> = Arbitrary<Decoded<(typeof structs)[Name]>>

const uint8 = integer({ min: 0, max: 255 })
const types = list(uint16)

export const roleChangeTargets: Value<'SingleSourceRoleChangeTargets'> = record({
  fromRoleIndex: uint32,
  targetRoleIndexes: list(uint32),
})
export const role: Value<'Role'> = record({
  roleIndex: uint32,
  roleName: text(),
  roleDescription: text(),
  roleCapabilities: list(uint16),
  minimumParticipantsConstraint: uint32,
  maximumParticipantsConstraint: optional(uint32),
  minimumActiveParticipantsConstraint: uint32,
  maximumActiveParticipantsConstraint: optional(uint32),
  authorizedRoleChanges: list(roleChangeTargets),
})
export const roleData: Value<'RoleData'> = record({ roles: list(role) })
export const claim: Value<'Claim'> = record({
  claimId: record({ credentialType: uint16, id: bytes() }),
  claimValue: bytes(),
})
export const preAuthRoleEntry: Value<'PreAuthRoleEntry'> = record({
  claimset: list(claim),
  targetRole: role,
})
export const preAuthData: Value<'PreAuthData'> = record({
  preauthorizedEntries: list(preAuthRoleEntry, 3),
})
export const baseRoomPolicy: Value<'BaseRoomPolicy'> = record({
  fixedMembership: boolean(),
  parentDependant: boolean(),
  parentRoom: list(text(), 1),
  multiDevice: boolean(),
  maxClients: optional(uint32),
  maxUsers: optional(uint32),
  pseudonymsAllowed: boolean(),
  persistentRoom: boolean(),
  discoverable: boolean(),
  policyComponentIds: types,
})

export const domainName: Value<'DomainName'> = constantFrom('', 'a.example', 'assets.b.example')
export const uploadDomains: Value<'ProviderAssetUploadDomains'> = record({
  provider: domainName,
  assetUploadDestinations: list(domainName),
})
const downloadType = oneOf('direct', 'hubProxy', 'ohttp')
export const downloadPrivacy: Value<'DownloadPrivacy'> = record({
  allowedDownloadTypes: list(downloadType, 3),
  forbiddenDownloadTypes: list(downloadType, 3),
  defaultDownloadType: downloadType,
})
export const assetPolicy: Value<'AssetPolicy'> = record({
  assetUploadLocation: oneOf('unspecified', 'localProvider', 'hub'),
  uploadDomains: list(uploadDomains),
  downloadPrivacy,
  maxImage: uint64,
  maxAudio: uint64,
  maxVideo: uint64,
  maxAttachment: uint64,
  forbiddenMediaTypes: list(mediaType, 2),
  permittedMediaTypes: optional(list(mediaType, 2)),
})

export const extendedCapabilities: Value<'ExtendedCapabilities'> = record({
  versions: types,
  cipherSuites: types,
  extensions: types,
  proposals: types,
  credentials: types,
  wireFormats: types,
  componentIds: types,
  safeAadTypes: types,
  mediaTypes: list(mediaType, 2),
  contentTypes: list(uint8),
})
export const pendingProposalPolicy: Value<'PendingProposalPolicy'> = oneof(
  record({ pendingProposalStrategy: tag('unspecified') }),
  record({ pendingProposalStrategy: tag('immediateCommit') }),
  record({
    pendingProposalStrategy: tag('randomDelay'),
    minimumDelayMs: uint64,
    maximumDelayMs: uint64,
  }),
)
export const minDefaultMaxTime: Value<'MinDefaultMaxTime'> = record({
  minimumTime: uint64,
  defaultTime: uint64,
  maximumTime: uint64,
})
export const appMessagePolicy: Value<'AppMessagePolicy'> = record({
  epochTolerance: uint8,
  padToSize: uint16,
  maxGenerationsSkipahead: uint32,
})
export const operationalParameters: Value<'OperationalParameters'> = record({
  mandatoryCapabilities: extendedCapabilities,
  defaultCapabilities: extendedCapabilities,
  forbiddenCapabilities: extendedCapabilities,
  handshakeFormats: types,
  externalProposalAllowed: boolean(),
  externalCommitAllowed: boolean(),
  pendingProposalPolicy,
  leafNodeUpdateTime: minDefaultMaxTime,
  appMessagePolicy,
  maxKpLifetime: uint64,
  maxCredentialLifetime: uint64,
  resumptionPskLifetime: uint64,
  senderNonceKeypairLifetime: minDefaultMaxTime,
  maxKeypairs: uint32,
  bufferIncomingMessageTime: minDefaultMaxTime,
  maxBufferedMessages: uint32,
})

export const metadataRequirements: Value<'MetadataRequirements'> = record({
  suite: uint16,
  suiteDigest: bytes(),
})
export const supportedMetadataSuites: Value<'SupportedMetadataSuites'> = record({
  suites: array(uint16, { maxLength: 8 }),
})
export const consentTerms: Value<'ConsentTerms'> = record({
  suite: uint16,
  suiteDigest: bytes(),
  purposes: list(oneOf('delivery', 'moderation', 'compliance'), 3),
  retentionDays: uint32,
  expiresAt: uint64,
})

export const issuerTokenKeys: Value<'IssuerTokenKeys'> = record({
  issuer: domainName,
  tokenType: uint16,
  keyIds: uniqueArray(exactBytes(32), {
    minLength: 1,
    maxLength: 2,
    selector: (id) => id.toString('hex'),
  }).map((ids) => ids.toSorted((one, other) => one.compare(other))),
})
export const tokenKeys: Value<'TokenKeys'> = record({
  entries: uniqueArray(issuerTokenKeys, {
    maxLength: 6,
    selector: ({ issuer, tokenType }) => JSON.stringify([issuer, tokenType]),
  }).map((entries) =>
    entries.toSorted((one, other) =>
      one.issuer === other.issuer
        ? one.tokenType - other.tokenType
        : one.issuer < other.issuer
          ? -1
          : 1,
    ),
  ),
})
