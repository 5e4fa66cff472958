import type { Randomness } from '../../model/clock.ts'
import { decode, encode } from '../../wire/codec.ts'
import {
  groupInfoEncryptionLabel,
  groupInfoRatchetTreeTBECodec,
  groupInfoRequestCodec,
  groupInfoRequestTBS,
  groupInfoRequestTBSCodec,
  groupInfoResponseTBSCodec,
  type GroupInfoResponse,
} from '../../wire/mimi/group-info.ts'
import { externalSenderCodec } from '../../wire/mls/external-sender.ts'
import type { GroupInfo } from '../../wire/mls/group-info.ts'
import { decryptWithLabel } from '../../mls-crypto/hpke.ts'
import { generateKeyPair, type HpkeKeyPair } from '../../mls-crypto/kem.ts'
import { signLabelled, verifyLabelled } from '../../mls-crypto/signatures.ts'
import type { MlsSuite } from '../../mls-crypto/suite.ts'
import { ClientError, demand } from '../errors.ts'
import type { PublicEpoch } from '../mls/epoch.ts'
import type { LeafIdentity } from '../mls/key-package.ts'
import { openPublishedGroup } from '../mls/open-group.ts'
import { externalSenders } from '../mls/proposal-sender.ts'
import { withLengthPrefix } from './handshake.ts'

/** A request and the key that its answer is sealed to. */
export interface GroupInfoQuestion {
  readonly bytes: Buffer
  readonly keys: HpkeKeyPair
}

/** draft-ietf-mimi-protocol-06 §5.6 */
export function groupInfoRequest(
  suite: MlsSuite,
  { signer, credential }: LeafIdentity,
  randomness: Randomness,
): GroupInfoQuestion {
  const keys = generateKeyPair(suite, randomness)
  const unsigned = {
    protocol: 'mls10',
    cipherSuite: suite.code,
    requestingSignatureKey: signer.publicKey,
    requestingCredential: credential,
    groupInfoPublicKey: keys.publicKey,
    joiningCode: Buffer.alloc(0),
  } as const
  const tbs = groupInfoRequestTBS({ ...unsigned, signature: Buffer.alloc(0) })
  const content = encode(groupInfoRequestTBSCodec, tbs)
  const signature = signLabelled(suite, signer, { label: 'GroupInfoRequestTBS', content })
  return { bytes: encode(groupInfoRequestCodec, { ...unsigned, signature }), keys }
}

/** A room's group as its hub showed it to us, checked. */
export interface PublishedRoom {
  readonly epoch: PublicEpoch
  readonly groupInfo: GroupInfo
  /** MLSMessages that wait for a commit. */
  readonly pendingProposals: readonly Buffer[]
}

/**
 * Opens a GroupInfoResponse. The hub's signature is verified with the key that the group itself names
 * among its external senders. Throws `invalid-answer`, `invalid-signature`, `decryption-failed` and what
 * `openGroupInfo` throws. draft-ietf-mimi-protocol-06 §5.6
 */
export function openGroupInfoResponse(
  suite: MlsSuite,
  response: Extract<GroupInfoResponse, { status: 'success' }>,
  { room, keys }: { room: string; keys: HpkeKeyPair },
): PublishedRoom {
  const { hubSender, encryptedGroupinfoAndTree, signature } = response
  demand(response.roomId.equals(Buffer.from(room)), 'invalid-answer')
  demand(response.cipherSuite === suite.code, 'invalid-answer')
  const content = encode(groupInfoResponseTBSCodec, response)
  const claim = { label: 'GroupInfoResponseTBS', content, signature }
  demand(verifyLabelled(suite, hubSender.signatureKey, claim), 'invalid-signature')
  const plaintext = decryptWithLabel(suite, keys.privateKey, {
    ...encryptedGroupinfoAndTree,
    label: groupInfoEncryptionLabel,
    context: response.roomId,
  })
  const opened = decode(groupInfoRatchetTreeTBECodec, plaintext)
  const { ratchetTreeOption, pendingProposals } = opened
  if (ratchetTreeOption.representation !== 'full') throw new ClientError('invalid-answer')
  const groupInfo = opened.groupInfo.value
  const epoch = openPublishedGroup(
    suite,
    groupInfo,
    withLengthPrefix(ratchetTreeOption.ratchetTree),
  )
  const hub = encode(externalSenderCodec, hubSender)
  const senders = externalSenders(epoch.groupContext.extensions)
  demand(
    senders.some((sender) => encode(externalSenderCodec, sender).equals(hub)),
    'invalid-signature',
  )
  return {
    epoch,
    groupInfo,
    pendingProposals: pendingProposals.map(({ proposal }) => proposal.bytes),
  }
}
