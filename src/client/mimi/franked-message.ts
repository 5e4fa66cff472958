import { createHmac } from 'node:crypto'
import type { Randomness } from '../../model/clock.ts'
import { epochPseudonymId } from '../../model/epoch-pseudonym.ts'
import { GatewayError } from '../../model/errors.ts'
import { parseMimiUri, uriDomain, type MimiUri } from '../../model/ids.ts'
import { decode, encode } from '../../wire/codec.ts'
import type { ContentPart } from '../../wire/cbor/content-part.ts'
import {
  decodeMimiContent,
  encodeMimiContent,
  messageId,
  saltBytes,
  type MimiContent,
} from '../../wire/cbor/mimi-content.ts'
import { WireError } from '../../wire/errors.ts'
import {
  frankAADCodec,
  frankingAgentDataCodec,
  frankingIntegrityTBSCodec,
  type Frank,
} from '../../wire/mimi/franking.ts'
import { componentData, componentIds } from '../../wire/mls/app-data.ts'
import type { FramedContent } from '../../wire/mls/framing.ts'
import type { GroupContext } from '../../wire/mls/group-info.ts'
import { safeAadCodec } from '../../wire/mls/safe-aad.ts'
import { sameSecret } from '../../mls-crypto/key-derivation.ts'
import { verifyLabelled } from '../../mls-crypto/signatures.ts'
import { appDataDictionary } from '../mls/dictionary.ts'
import type { PublicEpoch } from '../mls/epoch.ts'
import type { ReceivedApplicationData } from '../mls/mls-group.ts'
import { userOf } from '../mls/user-of.ts'

/** Content on its way: what is encrypted, and the SafeAAD that commits to it. */
export interface ComposedMessage {
  readonly applicationData: Buffer
  readonly authenticatedData: Buffer
  /** 32 octets. draft-ietf-mimi-content-09 §3.3 */
  readonly messageId: Buffer
}

/** draft-ietf-mimi-protocol-06 §5.4.1, "Client creation and sending" */
export function composeMessage(
  { senderUri, roomUri }: { readonly senderUri: string; readonly roomUri: string },
  message: { readonly body: ContentPart } & Partial<
    Pick<MimiContent, 'inReplyTo' | 'replaces' | 'topicId' | 'expires' | 'extensions'>
  >,
  randomness: Randomness,
): ComposedMessage {
  const salt = randomness(saltBytes)
  const applicationData = encodeMimiContent({
    inReplyTo: undefined,
    replaces: undefined,
    topicId: Buffer.alloc(0),
    expires: undefined,
    extensions: new Map(),
    ...message,
    salt,
    senderUri,
    roomUri,
  })
  const data = encode(frankAADCodec, { frankingTag: frankingTag(salt, applicationData) })
  return {
    applicationData,
    authenticatedData: encode(safeAadCodec, {
      aadItems: [{ componentId: componentIds.frankAad, data }],
    }),
    messageId: messageId({ senderUri, roomUri, content: applicationData, salt }),
  }
}

/** A text body in GFM-MIMI's media type. draft-ietf-mimi-content-09 §5.1 */
export function textBody(text: string): ContentPart {
  return {
    cardinality: 'single',
    disposition: RENDER,
    language: '',
    contentType: 'text/markdown;variant=GFM-MIMI',
    content: Buffer.from(text),
  }
}

/** What proves to the hub that it relayed this content: needed for a report, worthless without it. */
export interface FrankEvidence {
  readonly applicationData: Buffer
  readonly frank: Frank
  /** Milliseconds. */
  readonly acceptedTimestamp: bigint
  /** The frank is signed for this sender and room. */
  readonly senderUri: string
  readonly roomUri: string
  /** Where somebody else sent it: proves to anybody that its leaf said so. */
  readonly mls?: SignedContent | undefined
}

/** A member's signature over application data. RFC 9420 §6.1 */
export interface SignedContent {
  readonly content: FramedContent
  readonly signature: Buffer
  readonly groupContext: GroupContext
  readonly leafKey: Buffer
}

/** Why a message that MLS accepts is not shown. */
export type MessageFault =
  | 'malformed-content'
  | 'sender-mismatch'
  | 'room-mismatch'
  | 'franking-tag-mismatch'
  | 'frank-invalid'

/** `evidence` is undefined where the hub gave no frank: the message cannot be reported. */
export type MessageCheck =
  | {
      readonly kind: 'valid'
      readonly content: MimiContent
      readonly messageId: Buffer
      readonly evidence: FrankEvidence | undefined
    }
  | { readonly kind: 'faulty'; readonly fault: MessageFault }

/** How the hub delivered a message. */
export interface Delivered {
  readonly roomUri: string
  /** Milliseconds. */
  readonly timestamp: bigint
  readonly frank: Frank | undefined
}

/** The receiver's checks of draft-ietf-mimi-protocol-06 §5.4.1. */
export function checkMessage(
  received: ReceivedApplicationData,
  { roomUri, timestamp, frank }: Delivered,
): MessageCheck {
  const { applicationData, authenticatedData, leaf, epoch } = received
  const content = readContent(applicationData)
  if (content === undefined) return faulty('malformed-content')
  const { senderUri, salt } = content
  if (senderUri === undefined || !isSender(senderUri, userOf(leaf.credential)))
    return faulty('sender-mismatch')
  if (content.roomUri !== roomUri) return faulty('room-mismatch')
  const tag = frankingTagOf(authenticatedData)
  if (tag === undefined || !sameSecret(tag, frankingTag(salt, applicationData)))
    return faulty('franking-tag-mismatch')
  const evidence = frank && {
    applicationData,
    frank,
    acceptedTimestamp: timestamp,
    senderUri,
    roomUri,
    mls: signedContent(received),
  }
  if (evidence !== undefined && !isFrankOf(epoch, evidence)) return faulty('frank-invalid')
  const id = messageId({ senderUri, roomUri, content: applicationData, salt })
  return { kind: 'valid', content, messageId: id, evidence }
}

/**
 * Whether a leaf's user may sign as this sender: as itself, or under a pseudonym of the epoch, of which
 * only the hub can tell whose it is not. docs/pseudonymous-senders.md
 */
function isSender(senderUri: string, user: string | undefined): boolean {
  if (senderUri === user || user === undefined) return senderUri === user
  const sender = userUriOf(senderUri)
  const leaf = userUriOf(user)
  if (sender === undefined || leaf === undefined) return false
  return epochPseudonymId(sender) !== undefined && uriDomain(sender) === uriDomain(leaf)
}

function userUriOf(text: string): MimiUri | undefined {
  try {
    return parseMimiUri(text, 'user')
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}

/** Whether the room's franking agent signed this frank for this sender, room and time. */
export function isFrankOf(
  { suite, groupContext }: PublicEpoch,
  { frank, acceptedTimestamp, senderUri, roomUri }: FrankEvidence,
): boolean {
  const dictionary = appDataDictionary(groupContext.extensions)
  const agentData = componentData(dictionary, componentIds.frankingAgent)
  if (agentData === undefined || frank.frankingSignatureCiphersuite !== suite.code) return false
  const { frankingSignatureKey, credential } = decode(frankingAgentDataCodec, agentData)
  if (credential.kind !== 'basic' || !isDomainOf(credential.identity, roomUri)) return false
  const content = encode(frankingIntegrityTBSCodec, {
    serverFrank: frank.serverFrank,
    frankingSignatureCiphersuite: frank.frankingSignatureCiphersuite,
    context: { senderUri, roomUri, acceptedTimestamp },
  })
  return verifyLabelled(suite, frankingSignatureKey, {
    label: 'FrankingIntegrityTBS',
    content,
    signature: frank.frankingIntegritySignature,
  })
}

function signedContent(received: ReceivedApplicationData): SignedContent {
  const { content, signature, leaf, epoch } = received
  const { groupContext } = epoch
  return { content, signature, groupContext, leafKey: leaf.signatureKey }
}

/** `HMAC_SHA256(salt, application_data)` */
function frankingTag(salt: Buffer, applicationData: Buffer): Buffer {
  return createHmac('sha256', salt).update(applicationData).digest()
}

function frankingTagOf(authenticatedData: Buffer): Buffer | undefined {
  try {
    const { aadItems } = decode(safeAadCodec, authenticatedData)
    const item = aadItems.find(({ componentId }) => componentId === componentIds.frankAad)
    return item && decode(frankAADCodec, item.data).frankingTag
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

function readContent(applicationData: Buffer): MimiContent | undefined {
  try {
    return decodeMimiContent(applicationData)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

/** The agent's identity is the hub's domain, or a URI in it. */
function isDomainOf(identity: Buffer, roomUri: string): boolean {
  const name = identity.toString('utf8')
  const domain = roomUri.split('/')[2]
  return domain !== undefined && (name === domain || name.split('/')[2] === domain)
}

function faulty(fault: MessageFault): MessageCheck {
  return { kind: 'faulty', fault }
}

const RENDER = 1
