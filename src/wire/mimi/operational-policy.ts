import {
  bool,
  enumeration,
  struct,
  uint16,
  uint32,
  uint64,
  uint8,
  variant,
  vector,
  type Decoded,
} from '../codec.ts'
import { mediaTypeCodec } from '../mls/application-framing.ts'
import { typeCountMax } from '../mls/limits.ts'
import { elementCountMax } from './bounds.ts'

const types = vector(uint16, { countMax: typeCountMax, bytesMax: 2 * typeCountMax })

/** Capabilities in every respect in which clients differ, by numbers. draft-ietf-mimi-room-policy-03 §7 */
export const extendedCapabilitiesCodec = struct({
  versions: types,
  cipherSuites: types,
  extensions: types,
  proposals: types,
  credentials: types,
  wireFormats: types,
  componentIds: types,
  safeAadTypes: types,
  mediaTypes: vector(mediaTypeCodec, { countMax: elementCountMax, bytesMax: 65_536 }),
  contentTypes: vector(uint8, { countMax: typeCountMax, bytesMax: typeCountMax }),
})
export type ExtendedCapabilities = Decoded<typeof extendedCapabilitiesCodec>

/** The case `extension` has no number in the draft: refused. draft-ietf-mimi-room-policy-03 §7 */
export const pendingProposalPolicyCodec = variant(
  [
    'pendingProposalStrategy',
    enumeration({ unspecified: 0, immediateCommit: 1, randomDelay: 2 }, uint8),
  ],
  {
    unspecified: {},
    immediateCommit: {},
    randomDelay: { minimumDelayMs: uint64, maximumDelayMs: uint64 },
  },
)

/** Seconds. draft-ietf-mimi-room-policy-03 §7 */
export const minDefaultMaxTimeCodec = struct({
  minimumTime: uint64,
  defaultTime: uint64,
  maximumTime: uint64,
})

/** `padToSize` in octets; 0 and 1 ask for no padding. draft-ietf-mimi-room-policy-03 §7 */
export const appMessagePolicyCodec = struct({
  epochTolerance: uint8,
  padToSize: uint16,
  maxGenerationsSkipahead: uint32,
})

/** The GroupContext component 0x0024 `mls_operational_policy`, and its update: a full replacement. draft-ietf-mimi-room-policy-03 §7 */
export const operationalParametersCodec = struct({
  mandatoryCapabilities: extendedCapabilitiesCodec,
  defaultCapabilities: extendedCapabilitiesCodec,
  forbiddenCapabilities: extendedCapabilitiesCodec,
  /** Wire formats: 1 is PublicMessage, 2 PrivateMessage. */
  handshakeFormats: types,
  externalProposalAllowed: bool,
  externalCommitAllowed: bool,
  pendingProposalPolicy: pendingProposalPolicyCodec,
  leafNodeUpdateTime: minDefaultMaxTimeCodec,
  appMessagePolicy: appMessagePolicyCodec,
  /** Seconds; 0 sets no limit. */
  maxKpLifetime: uint64,
  maxCredentialLifetime: uint64,
  resumptionPskLifetime: uint64,
  senderNonceKeypairLifetime: minDefaultMaxTimeCodec,
  maxKeypairs: uint32,
  bufferIncomingMessageTime: minDefaultMaxTimeCodec,
  maxBufferedMessages: uint32,
})
export type OperationalParameters = Decoded<typeof operationalParametersCodec>
