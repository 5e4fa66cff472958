import {
  enumeration,
  opaque,
  optional,
  spanned,
  struct,
  uint16,
  uint64,
  variant,
  vector,
  type Decoded,
} from '../codec.ts'
import { credentialCodec } from '../mls/credential.ts'
import { externalSenderCodec } from '../mls/external-sender.ts'
import { groupInfoCodec } from '../mls/group-info.ts'
import { mlsMessage } from '../mls/header.ts'
import { hpkeCiphertextCodec } from '../mls/hpke-ciphertext.ts'
import { bodyBytesMax, elementCountMax, keyBytesMax } from './bounds.ts'
import { protocolCodec, uriBytesMax } from './protocol.ts'
import { ratchetTreeOptionCodec } from './ratchet-tree-option.ts'

const requestFields = {
  protocol: protocolCodec,
  cipherSuite: uint16,
  requestingSignatureKey: opaque(keyBytesMax),
  requestingCredential: credentialCodec,
  groupInfoPublicKey: opaque(keyBytesMax),
}

/**
 * What the requesting client signs, under the label `GroupInfoRequestTBS`. Here, and only here,
 * `joiningCode` has a presence octet. draft-ietf-mimi-protocol-06 §5.6
 */
export const groupInfoRequestTBSCodec = struct({
  ...requestFields,
  joiningCode: optional(opaque(keyBytesMax)),
})
export type GroupInfoRequestTBS = Decoded<typeof groupInfoRequestTBSCodec>

/** An empty `joiningCode` is none. It is a secret: never log or show it. draft-ietf-mimi-protocol-06 §5.6 */
export const groupInfoRequestCodec = struct({
  ...requestFields,
  joiningCode: opaque(keyBytesMax),
  signature: opaque(keyBytesMax),
})
export type GroupInfoRequest = Decoded<typeof groupInfoRequestCodec>

/** What the signature of `request` covers. */
export function groupInfoRequestTBS(request: GroupInfoRequest): GroupInfoRequestTBS {
  const { signature: _, joiningCode, ...fields } = request
  return { ...fields, joiningCode: joiningCode.length === 0 ? undefined : joiningCode }
}

/** A proposal that waits for its commit; the time is the hub's, in ms. draft-ietf-mimi-protocol-06 §5.6 */
export const pendingProposalCodec = struct({ proposal: mlsMessage, hubAcceptedTime: uint64 })
export type PendingProposal = Decoded<typeof pendingProposalCodec>

/** The plaintext of a GroupInfoResponse. draft-ietf-mimi-protocol-06 §5.6 */
export const groupInfoRatchetTreeTBECodec = struct({
  groupInfo: spanned(groupInfoCodec),
  ratchetTreeOption: ratchetTreeOptionCodec,
  pendingProposals: vector(pendingProposalCodec, {
    countMax: elementCountMax,
    bytesMax: bodyBytesMax,
  }),
})
export type GroupInfoRatchetTreeTBE = Decoded<typeof groupInfoRatchetTreeTBECodec>

/** The label under which a GroupInfoRatchetTreeTBE is encrypted; the context is the room id. */
export const groupInfoEncryptionLabel = 'GroupInfo and ratchet_tree encryption'

/** `GroupInfoCode`. draft-ietf-mimi-protocol-06 §5.6 */
const groupInfoCodeCodec = enumeration({ success: 1, notAuthorized: 2, noSuchRoom: 3 })

const sealedFields = {
  cipherSuite: uint16,
  hubSender: externalSenderCodec,
  encryptedGroupinfoAndTree: hpkeCiphertextCodec,
}

/** What the hub signs, under the label `GroupInfoResponseTBS`. draft-ietf-mimi-protocol-06 §5.6 */
export const groupInfoResponseTBSCodec = struct({
  version: protocolCodec,
  roomId: opaque(uriBytesMax),
  status: groupInfoCodeCodec,
  ...sealedFields,
})

/** draft-ietf-mimi-protocol-06 §5.6 */
export const groupInfoResponseCodec = variant(
  ['status', groupInfoCodeCodec],
  {
    success: { ...sealedFields, signature: opaque(keyBytesMax) },
    notAuthorized: {},
    noSuchRoom: {},
  },
  { before: { version: protocolCodec, roomId: opaque(uriBytesMax) } },
)
export type GroupInfoResponse = Decoded<typeof groupInfoResponseCodec>
