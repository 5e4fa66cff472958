import { encode } from '../../wire/codec.ts'
import { groupContextCodec, type GroupContext } from '../../wire/mls/group-info.ts'
import {
  deriveSecret,
  digest,
  expandWithLabel,
  extract,
  hmac,
  sameSecret,
} from '../../mls-crypto/key-derivation.ts'
import { deriveKeyPair, type HpkeKeyPair } from '../../mls-crypto/kem.ts'
import type { MlsSuite } from '../../mls-crypto/suite.ts'

/** The secrets of one epoch, RFC 9420 §8. */
export interface EpochSecrets {
  readonly senderDataSecret: Buffer
  readonly encryptionSecret: Buffer
  readonly exporterSecret: Buffer
  readonly epochAuthenticator: Buffer
  readonly external: HpkeKeyPair
  readonly confirmationKey: Buffer
  readonly membershipKey: Buffer
  readonly initSecret: Buffer
}

/** `joiner_secret`: what a Welcome carries. */
export function joinerSecret(
  suite: MlsSuite,
  { initSecret, commitSecret, groupContext }: CommitSecrets,
): Buffer {
  const secret = extract(suite.hash, initSecret, commitSecret)
  const context = encode(groupContextCodec, groupContext)
  return expandWithLabel(suite, secret, { label: 'joiner', context })
}

export interface CommitSecrets {
  readonly initSecret: Buffer
  /** All zeros where the commit has no path. */
  readonly commitSecret: Buffer
  /** Of the epoch that begins. */
  readonly groupContext: GroupContext
}

/** `Extract(joiner_secret, psk_secret)` of a group that uses no pre-shared keys. */
function memberSecret(suite: MlsSuite, joiner: Buffer): Buffer {
  return extract(suite.hash, joiner, Buffer.alloc(suite.hashBytes))
}

/** Key and nonce of a Welcome's encrypted GroupInfo, `RFC 9420 §12.4.3.1`. */
export function welcomeSecret(suite: MlsSuite, joiner: Buffer): Buffer {
  return deriveSecret(suite, memberSecret(suite, joiner), 'welcome')
}

export function epochSecrets(
  suite: MlsSuite,
  joiner: Buffer,
  groupContext: GroupContext,
): EpochSecrets {
  const context = encode(groupContextCodec, groupContext)
  const member = memberSecret(suite, joiner)
  return secretsOfEpoch(suite, expandWithLabel(suite, member, { label: 'epoch', context }))
}

/** From `epoch_secret`; the creator of a group draws the first one at random (RFC 9420 §11). */
export function secretsOfEpoch(suite: MlsSuite, epochSecret: Buffer): EpochSecrets {
  const derive = (label: string) => deriveSecret(suite, epochSecret, label)
  return {
    senderDataSecret: derive('sender data'),
    encryptionSecret: derive('encryption'),
    exporterSecret: derive('exporter'),
    epochAuthenticator: derive('authentication'),
    external: deriveKeyPair(suite, derive('external')),
    confirmationKey: derive('confirm'),
    membershipKey: derive('membership'),
    initSecret: derive('init'),
  }
}

/** `MLS-Exporter`, `RFC 9420 §8.5` */
export function exportSecret(
  suite: MlsSuite,
  { exporterSecret }: EpochSecrets,
  { label, context, bytes }: { label: string; context: Buffer; bytes: number },
): Buffer {
  const derived = deriveSecret(suite, exporterSecret, label)
  return expandWithLabel(suite, derived, {
    label: 'exported',
    context: digest(suite, context),
    bytes,
  })
}

/** `RFC 9420 §6.1` */
export function confirmationTag(
  suite: MlsSuite,
  { confirmationKey }: EpochSecrets,
  confirmedTranscriptHash: Buffer,
): Buffer {
  return hmac(suite, confirmationKey, confirmedTranscriptHash)
}

/** In constant time. */
export function isConfirmationTag(
  suite: MlsSuite,
  secrets: EpochSecrets,
  { tag, confirmedTranscriptHash }: { tag: Buffer; confirmedTranscriptHash: Buffer },
): boolean {
  return sameSecret(confirmationTag(suite, secrets, confirmedTranscriptHash), tag)
}
