import { constant, oneof, type Arbitrary } from 'fast-check'
import type { Decoded } from '../../../src/wire/codec.ts'
import { groupInfoCodec } from '../../../src/wire/mls/group-info.ts'
import { keyPackageCodec } from '../../../src/wire/mls/key-package.ts'
import { welcomeCodec } from '../../../src/wire/mls/welcome.ts'
import type { structs, StructName } from '../../../src/wire/mimi/registry.ts'
import {
  bytes,
  exactBytes,
  list,
  oneOf,
  optional,
  record,
  roomUri,
  spanned,
  text,
  uint16,
  uint32,
  uint64,
  userUri,
  tag,
} from './base.ts'
import * as mls from './mls.ts'

type Value<Name extends StructName> = Arbitrary<Decoded<(typeof structs)[Name]>>

export const mls10: Arbitrary<'mls10'> = constant('mls10')
export const key = bytes(65)
export const signature = bytes(64)
export const uri = oneof(userUri, roomUri, constant(''))

export const frank = record({
  serverFrank: exactBytes(32),
  frankingSignatureCiphersuite: uint16,
  frankingIntegritySignature: signature,
})
export const context = record({ senderUri: userUri, roomUri, acceptedTimestamp: uint64 })
export const frankingAgent = record({ frankingSignatureKey: key, credential: mls.credential })

const spannedKeyPackage = spanned(keyPackageCodec, mls.keyPackage)
export const spannedGroupInfo = spanned(groupInfoCodec, mls.groupInfo)

export const ratchetTreeOption: Value<'RatchetTreeOption'> = oneof(
  record({ representation: tag('full'), ratchetTree: bytes(100) }),
  record({
    representation: tag('httpsUri'),
    ratchetTreeUrl: text(),
    treeSignature: signature,
  }),
  record({ representation: tag('outOfBand'), treeSignature: signature }),
  constant({ representation: 'distributionService' as const }),
)
export const partialGroupInfo: Value<'PartialGroupInfo'> = record({
  ratchetTreePresence: oneOf('noRatchetTree', 'present', 'removed', 'added'),
  groupInfoExtensions: mls.extensions,
  signature,
})
export const groupInfoOption: Value<'GroupInfoOption'> = oneof(
  record({ representation: tag('full'), groupInfo: spannedGroupInfo }),
  record({ representation: tag('partial'), partialGroupInfo }),
)
export const handshakeBundle: Value<'HandshakeBundle'> = oneof(
  record({
    kind: tag('commit'),
    proposalOrCommit: mls.views.commit,
    welcome: optional(spanned(welcomeCodec, mls.welcome)),
    groupInfoOption,
    ratchetTreeOption,
  }),
  record({
    kind: tag('proposal'),
    proposalOrCommit: mls.views.proposal,
    moreProposals: list(mls.views.any, 2),
  }),
)
export const fanoutMessage: Value<'FanoutMessage'> = oneof(
  record({
    kind: tag('application'),
    timestamp: uint64,
    message: mls.views.application,
    frank: optional(frank),
  }),
  record({
    kind: tag('commit'),
    timestamp: uint64,
    message: mls.views.commit,
    externalProposals: list(mls.views.proposal, 2),
  }),
  record({
    kind: tag('proposal'),
    timestamp: uint64,
    message: mls.views.proposal,
    moreProposals: list(mls.views.proposal, 2),
  }),
  record({
    kind: tag('welcome'),
    timestamp: uint64,
    message: mls.views.welcome,
    ratchetTreeOption,
  }),
)

export const keyMaterialSigned = {
  protocol: mls10,
  requestingUser: userUri,
  targetUser: userUri,
  roomId: uri,
  acceptableCiphersuites: list(uint16),
  requiredCapabilities: mls.requiredCapabilities,
  requesterSignatureKey: key,
  requesterCredential: mls.credential,
}
export const clientKeyMaterial: Value<'ClientKeyMaterial'> = oneof(
  record({
    clientStatus: tag('success'),
    clientUri: uri,
    keyPackage: spannedKeyPackage,
  }),
  record({ clientStatus: tag('keyMaterialExhausted'), clientUri: uri }),
  record({
    clientStatus: tag('nothingCompatible'),
    clientUri: uri,
    clientCapabilities: optional(mls.capabilities),
  }),
)
export const userStatus = oneOf(
  'success',
  'partialSuccess',
  'incompatibleProtocol',
  'noCompatibleMaterial',
  'userUnknown',
  'noConsent',
  'noConsentForThisRoom',
  'userDeleted',
)

export const groupInfoRequest = {
  protocol: mls10,
  cipherSuite: uint16,
  requestingSignatureKey: key,
  requestingCredential: mls.credential,
  groupInfoPublicKey: key,
}
export const pendingProposal = record({ proposal: mls.views.any, hubAcceptedTime: uint64 })
export const sealed = {
  cipherSuite: uint16,
  hubSender: mls.externalSender,
  encryptedGroupinfoAndTree: mls.hpkeCiphertext,
}
export const roomId = roomUri.map((value) => Buffer.from(value))

export const consentFields = {
  requesterUri: userUri,
  targetUri: userUri,
  roomId: optional(roomUri),
}
export const consentEntry: Value<'ConsentEntry'> = oneof(
  record({
    consentOperation: tag('cancel'),
    ...consentFields,
    consentExtensions: mls.appDataDictionary,
  }),
  record({
    consentOperation: tag('request'),
    ...consentFields,
    consentExtensions: mls.appDataDictionary,
  }),
  record({
    consentOperation: tag('grant'),
    ...consentFields,
    clientKeyPackages: list(spannedKeyPackage, 2),
    consentExtensions: mls.appDataDictionary,
  }),
  record({
    consentOperation: tag('revoke'),
    ...consentFields,
    consentExtensions: mls.appDataDictionary,
  }),
)

export const queryElement: Value<'QueryElement'> = oneof(
  record({
    searchType: oneOf('handle', 'nick', 'email', 'phone', 'partialName', 'wholeProfile'),
    searchValue: text(),
  }) as Value<'QueryElement'>,
  record({
    searchType: tag('oidcStdClaim'),
    claimName: bytes(),
    searchValue: text(),
  }),
  record({
    searchType: tag('vcardField'),
    propertyName: bytes(),
    searchValue: text(),
  }),
)
export const profileField = record({
  fieldSource: oneOf('oidcStdClaim', 'vcardField'),
  fieldName: text(),
  fieldValue: bytes(),
})
export const userProfile = record({ stableUri: userUri, fields: list(profileField) })

export const abusiveMessage = record({
  messageContent: bytes(200),
  frank,
  acceptedTimestamp: uint64,
})
export const pseudonyms = { clientPseudonym: uri, userPseudonym: uri, signaturePublicKey: key }
export const userRolePair = record({ user: userUri, roleIndex: uint32 })
export const userindexRolePair = record({ userIndex: uint32, roleIndex: uint32 })
export const plainText = text().map((value) => value.replaceAll('\0', ''))
export const richDescription = record({
  mediaType: text(),
  languageTag: text(),
  descriptionContent: bytes(),
})
export const roomMetaData = record({
  roomUri,
  roomName: plainText,
  roomDescriptions: list(richDescription),
  roomAvatar: text(),
  roomSubject: plainText,
  roomMood: plainText,
})
