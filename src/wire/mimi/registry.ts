import type { AnyCodec } from '../codec.ts'
import { appDataDictionaryCodec, appDataUpdateCodec, appEphemeralCodec } from '../mls/app-data.ts'
import { applicationFramingCodec, mediaTypeCodec } from '../mls/application-framing.ts'
import { capabilitiesCodec, requiredCapabilitiesCodec } from '../mls/capabilities.ts'
import { commitCodec } from '../mls/commit.ts'
import { credentialCodec } from '../mls/credential.ts'
import { externalSenderCodec } from '../mls/external-sender.ts'
import { framedContentCodec, privateMessageCodec, publicMessageCodec } from '../mls/framing.ts'
import { groupContextCodec, groupInfoCodec } from '../mls/group-info.ts'
import { hpkeCiphertextCodec } from '../mls/hpke-ciphertext.ts'
import { keyPackageCodec } from '../mls/key-package.ts'
import { leafNodeCodec } from '../mls/leaf-node.ts'
import { mlsMessageCodec } from '../mls/message.ts'
import { proposalCodec } from '../mls/proposal.ts'
import { ratchetTreeCodec } from '../mls/ratchet-tree.ts'
import { safeAadCodec } from '../mls/safe-aad.ts'
import { welcomeCodec } from '../mls/welcome.ts'
import {
  assetPolicyCodec,
  domainNameCodec,
  downloadPrivacyCodec,
  providerAssetUploadDomainsCodec,
} from './asset-policy.ts'
import { consentEntryCodec, consentScopeCodec } from './consent.ts'
import { fanoutMessageCodec } from './fanout.ts'
import {
  frankAADCodec,
  frankCodec,
  frankingAgentDataCodec,
  frankingIntegrityTBSCodec,
  serverFrankingContextCodec,
} from './franking.ts'
import {
  groupInfoRatchetTreeTBECodec,
  groupInfoRequestCodec,
  groupInfoRequestTBSCodec,
  groupInfoResponseCodec,
  groupInfoResponseTBSCodec,
  pendingProposalCodec,
} from './group-info.ts'
import {
  identifierRequestCodec,
  identifierResponseCodec,
  profileFieldCodec,
  queryElementCodec,
  userProfileCodec,
} from './identifier-query.ts'
import {
  clientKeyMaterialCodec,
  keyMaterialRequestCodec,
  keyMaterialRequestTBSCodec,
  keyMaterialResponseCodec,
} from './key-material.ts'
import {
  consentTermsCodec,
  metadataRequirementsCodec,
  supportedMetadataSuitesCodec,
} from './metadata-requirements.ts'
import { hubRetractedCodec, moderationNoticeCodec } from './moderation.ts'
import {
  appMessagePolicyCodec,
  extendedCapabilitiesCodec,
  minDefaultMaxTimeCodec,
  operationalParametersCodec,
  pendingProposalPolicyCodec,
} from './operational-policy.ts'
import {
  participantListDataCodec,
  participantListUpdateCodec,
  userindexRolePairCodec,
  userRolePairCodec,
} from './participant-list.ts'
import { identifierUriCodec } from './protocol.ts'
import {
  addAADCodec,
  identityLinkExtensionCodec,
  identityLinkTBECodec,
  pseudonymousCredentialCodec,
  pseudonymousCredentialTBSCodec,
} from './pseudonymous-credential.ts'
import {
  groupInfoOptionCodec,
  partialGroupInfoCodec,
  ratchetTreeOptionCodec,
} from './ratchet-tree-option.ts'
import { abuseReportCodec, abusiveMessageCodec } from './report-abuse.ts'
import {
  richDescriptionCodec,
  roomMetaDataCodec,
  uriCodec,
  utf8StringCodec,
} from './room-metadata.ts'
import {
  baseRoomPolicyCodec,
  claimCodec,
  preAuthDataCodec,
  preAuthRoleEntryCodec,
  roleCodec,
  roleDataCodec,
  singleSourceRoleChangeTargetsCodec,
} from './room-policy.ts'
import { submitMessageRequestCodec, submitMessageResponseCodec } from './submit-message.ts'
import { issuerTokenKeysCodec, tokenKeysCodec } from './token-keys.ts'
import { updateRequestCodec, updateRoomResponseCodec } from './update.ts'

/** Every struct that a body, a component or an extension can hold, by its name in its document. */
export const structs = {
  // draft-ietf-mimi-protocol-06
  IdentifierUri: identifierUriCodec,
  KeyMaterialRequest: keyMaterialRequestCodec,
  KeyMaterialRequestTBS: keyMaterialRequestTBSCodec,
  ClientKeyMaterial: clientKeyMaterialCodec,
  KeyMaterialResponse: keyMaterialResponseCodec,
  HandshakeBundle: updateRequestCodec,
  GroupInfoOption: groupInfoOptionCodec,
  UpdateRequest: updateRequestCodec,
  UpdateRoomResponse: updateRoomResponseCodec,
  SubmitMessageRequest: submitMessageRequestCodec,
  Frank: frankCodec,
  SubmitMessageResponse: submitMessageResponseCodec,
  FrankAAD: frankAADCodec,
  FrankingAgentData: frankingAgentDataCodec,
  FrankingAgentUpdate: frankingAgentDataCodec,
  ServerFrankingContext: serverFrankingContextCodec,
  FrankingIntegrityTBS: frankingIntegrityTBSCodec,
  FanoutMessage: fanoutMessageCodec,
  GroupInfoRequestTBS: groupInfoRequestTBSCodec,
  GroupInfoRequest: groupInfoRequestCodec,
  PendingProposal: pendingProposalCodec,
  GroupInfoRatchetTreeTBE: groupInfoRatchetTreeTBECodec,
  GroupInfoResponseTBS: groupInfoResponseTBSCodec,
  GroupInfoResponse: groupInfoResponseCodec,
  ConsentEntry: consentEntryCodec,
  ConsentScope: consentScopeCodec,
  QueryElement: queryElementCodec,
  IdentifierRequest: identifierRequestCodec,
  ProfileField: profileFieldCodec,
  UserProfile: userProfileCodec,
  IdentifierResponse: identifierResponseCodec,
  AbusiveMessage: abusiveMessageCodec,
  AbuseReport: abuseReportCodec,
  PseudonymousCredential: pseudonymousCredentialCodec,
  PseudonymousCredentialTBS: pseudonymousCredentialTBSCodec,
  IdentityLinkTBE: identityLinkTBECodec,
  UserRolePair: userRolePairCodec,
  ParticipantListData: participantListDataCodec,
  UserindexRolePair: userindexRolePairCodec,
  ParticipantListUpdate: participantListUpdateCodec,
  Uri: uriCodec,
  UTF8String: utf8StringCodec,
  RichDescription: richDescriptionCodec,
  RoomMetaData: roomMetaDataCodec,
  RoomMetaUpdate: roomMetaDataCodec,
  // draft-ietf-mimi-room-policy-03
  SingleSourceRoleChangeTargets: singleSourceRoleChangeTargetsCodec,
  Role: roleCodec,
  RoleData: roleDataCodec,
  RoleUpdate: roleDataCodec,
  Claim: claimCodec,
  PreAuthRoleEntry: preAuthRoleEntryCodec,
  PreAuthData: preAuthDataCodec,
  PreAuthUpdate: preAuthDataCodec,
  BaseRoomPolicy: baseRoomPolicyCodec,
  DomainName: domainNameCodec,
  ProviderAssetUploadDomains: providerAssetUploadDomainsCodec,
  DownloadPrivacy: downloadPrivacyCodec,
  AssetPolicy: assetPolicyCodec,
  ExtendedCapabilities: extendedCapabilitiesCodec,
  PendingProposalPolicy: pendingProposalPolicyCodec,
  MinDefaultMaxTime: minDefaultMaxTimeCodec,
  AppMessagePolicy: appMessagePolicyCodec,
  OperationalParameters: operationalParametersCodec,
  // docs/rooms.md
  MetadataRequirements: metadataRequirementsCodec,
  SupportedMetadataSuites: supportedMetadataSuitesCodec,
  ConsentTerms: consentTermsCodec,
  // docs/sanctions.md
  ModerationNotice: moderationNoticeCodec,
  // docs/pseudonymous-senders.md
  IssuerTokenKeys: issuerTokenKeysCodec,
  TokenKeys: tokenKeysCodec,
  // draft-mahy-mimi-hub-retracted-messages-00
  HubRetracted: hubRetractedCodec,
  // draft-mahy-mls-ratchet-tree-options-02
  RatchetTreeOption: ratchetTreeOptionCodec,
  PartialGroupInfo: partialGroupInfoCodec,
  // draft-kohbrok-mimi-metadata-minimalization
  IdentityLinkExtension: identityLinkExtensionCodec,
  AddAAD: addAADCodec,
  // draft-ietf-mls-extensions
  AppDataDictionary: appDataDictionaryCodec,
  AppDataUpdate: appDataUpdateCodec,
  AppEphemeral: appEphemeralCodec,
  SafeAAD: safeAadCodec,
  MediaType: mediaTypeCodec,
  ApplicationFraming: applicationFramingCodec,
  // RFC 9420
  MLSMessage: mlsMessageCodec,
  PublicMessage: publicMessageCodec,
  PrivateMessage: privateMessageCodec,
  FramedContent: framedContentCodec,
  Proposal: proposalCodec,
  Commit: commitCodec,
  Welcome: welcomeCodec,
  GroupContext: groupContextCodec,
  GroupInfo: groupInfoCodec,
  KeyPackage: keyPackageCodec,
  LeafNode: leafNodeCodec,
  RatchetTree: ratchetTreeCodec,
  Credential: credentialCodec,
  ExternalSender: externalSenderCodec,
  Capabilities: capabilitiesCodec,
  RequiredCapabilities: requiredCapabilitiesCodec,
  HPKECiphertext: hpkeCiphertextCodec,
} as const satisfies Record<string, AnyCodec>

export type StructName = keyof typeof structs
