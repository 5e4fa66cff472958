import { decode, encode } from '../../wire/codec.ts'
import { hubRetractedCodec, hubRetractedTBSCodec } from '../../wire/mimi/moderation.ts'
import { updateRequestCodec } from '../../wire/mimi/update.ts'
import { componentIds } from '../../wire/mls/app-data.ts'
import { cipherSuite, type CipherSuite } from '../../wire/mls/cipher-suite.ts'
import type { ExternalSender } from '../../wire/mls/external-sender.ts'
import { authenticatedContentBytes, outsiderContentTbs } from '../../wire/mls/framing.ts'
import { mlsMessage, type MlsMessageView } from '../../wire/mls/header.ts'
import { proposalRef } from '../../wire/mls/key-package-ref.ts'
import { mlsMessageCodec } from '../../wire/mls/message.ts'
import type { Proposal } from '../../wire/mls/proposal.ts'
import { signWithLabel } from '../../wire/mls/sign-with-label.ts'
import type { HubSigner } from './seal-group-info.ts'

/** What proposing in a room needs to know of its newest epoch. */
export interface ProposingRoom {
  readonly groupId: Buffer
  readonly epoch: bigint
  readonly ciphersuite: number
  readonly externalSenders: readonly ExternalSender[]
}

/** Proposals that are signed and not sent. */
export interface HubProposals {
  /** The body of `update`. */
  readonly bytes: Buffer
  readonly references: readonly Buffer[]
}

/** The one of our keys with which we may propose in a room, and where it stands in `external_senders`. */
export interface HubSeat {
  readonly signer: HubSigner
  readonly senderIndex: number
}

/** Undefined where the room's group lists none of our keys. RFC 9420 §12.1.8.1 */
export function hubSeat(
  signers: readonly HubSigner[],
  { externalSenders, ciphersuite }: ProposingRoom,
): HubSeat | undefined {
  if (cipherSuite(ciphersuite)?.signature !== 'ed25519') return undefined
  for (const [senderIndex, { signatureKey }] of externalSenders.entries()) {
    const signer = signers.find((one) => one.externalSender.signatureKey.equals(signatureKey))
    if (signer !== undefined) return { signer, senderIndex }
  }
  return undefined
}

/** Signs proposals as an external sender of the group. RFC 9420 §12.1.8, draft-ietf-mimi-protocol-06 §5.3 */
export function hubProposals(
  seat: HubSeat,
  room: ProposingRoom,
  [first, ...more]: readonly [Proposal, ...Proposal[]],
): HubProposals {
  const suite = cipherSuite(room.ciphersuite)
  if (suite === undefined) throw new RangeError('the ciphersuite is not known')
  const made = signed({ seat, room, suite }, first)
  const others = more.map((proposal) => signed({ seat, room, suite }, proposal))
  const bytes = encode(updateRequestCodec, {
    kind: 'proposal',
    proposalOrCommit: made.message,
    moreProposals: others.map(({ message }) => message),
  })
  return { bytes, references: [made, ...others].map(({ reference }) => reference) }
}

/** The proposal that asks clients to hide messages. draft-mahy-mimi-hub-retracted-messages-00 */
export function retractionProposal(
  { signer }: HubSeat,
  { messageIds, atMs }: { readonly messageIds: readonly Buffer[]; readonly atMs: number },
): Proposal {
  const { credential } = signer.externalSender
  const retraction = {
    hubRetractedTimestamp: BigInt(atMs),
    removerUri: credential.kind === 'basic' ? credential.identity.toString('utf8') : '',
    abuseType: undefined,
    retractedMessages: messageIds,
  }
  const signature = signWithLabel(
    { cipherSuite: HUB_SUITE, privateKey: signer.privateKey },
    'HubRetractedComponentTBS',
    encode(hubRetractedTBSCodec, retraction),
  )
  return {
    kind: 'app-ephemeral',
    componentId: componentIds.hubRetracted,
    data: encode(hubRetractedCodec, { ...retraction, signature }),
  }
}

interface Signing {
  readonly seat: HubSeat
  readonly room: ProposingRoom
  readonly suite: CipherSuite
}

function signed(
  { seat: { signer, senderIndex }, room: { groupId, epoch, ciphersuite }, suite }: Signing,
  proposal: Proposal,
): { readonly message: MlsMessageView; readonly reference: Buffer } {
  const content = {
    groupId,
    epoch,
    sender: { kind: 'external', senderIndex },
    authenticatedData: NOTHING,
    content: { kind: 'proposal', proposal },
  } as const
  const framed = { wireFormat: 1, content } as const
  const signature = signWithLabel(
    { cipherSuite: ciphersuite, privateKey: signer.privateKey },
    'FramedContentTBS',
    outsiderContentTbs(framed),
  )
  const publicMessage = { content, signature, confirmationTag: undefined, membershipTag: undefined }
  const bytes = encode(mlsMessageCodec, { kind: 'public', publicMessage })
  const reference = proposalRef(suite, authenticatedContentBytes({ ...framed, ...publicMessage }))
  return { message: decode(mlsMessage, bytes), reference }
}

const NOTHING = Buffer.alloc(0)
/** Hubs sign with Ed25519. */
const HUB_SUITE = 1
