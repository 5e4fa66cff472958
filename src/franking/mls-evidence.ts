import { decode } from '../wire/codec.ts'
import { WireError } from '../wire/errors.ts'
import { componentIds } from '../wire/mls/app-data.ts'
import { framedContentCodec, framedContentTbs, type FramedContent } from '../wire/mls/framing.ts'
import { groupContextCodec, type GroupContext } from '../wire/mls/group-info.ts'
import { safeAadCodec } from '../wire/mls/safe-aad.ts'
import { verifyWithLabel } from '../wire/mls/sign-with-label.ts'

/** What a member kept of a message after it was decrypted. Anyone who sees it can check it. */
export interface MlsEvidence {
  /** As in the MLSMessage; only private messages (2) carry application data. */
  readonly wireFormat: number
  /** The struct `FramedContent`. */
  readonly framedContent: Buffer
  readonly signature: Buffer
  /** The struct `GroupContext`. */
  readonly groupContext: Buffer
}

export type MlsEvidenceVerdict =
  | {
      readonly kind: 'valid'
      readonly groupId: Buffer
      readonly epoch: bigint
      readonly leafIndex: number
      readonly applicationData: Buffer
      readonly frankingTag: Buffer | undefined
    }
  | {
      readonly kind: 'invalid'
      readonly reason:
        | 'malformed'
        | 'wrong-wire-format'
        | 'not-a-member'
        | 'no-application-data'
        | 'other-epoch'
        | 'signature-invalid'
    }

/**
 * Checks a member's signature over application data. The caller vouches for two things that the
 * evidence cannot prove: that the group really had this context in this epoch, and that `leafKey` gives
 * the signature key of that leaf in it. RFC 9420 §6.1
 */
export function checkMlsEvidence(
  evidence: MlsEvidence,
  leafKey: (leafIndex: number) => Buffer | undefined,
): MlsEvidenceVerdict {
  if (evidence.wireFormat !== PRIVATE_MESSAGE) return invalid('wrong-wire-format')
  const decoded = decodeEvidence(evidence)
  if (decoded === undefined) return invalid('malformed')
  const { framed, context, frankingTag } = decoded
  if (framed.content.kind !== 'application') return invalid('no-application-data')
  if (framed.epoch !== context.epoch || !framed.groupId.equals(context.groupId))
    return invalid('other-epoch')
  const leafIndex = framed.sender.kind === 'member' ? framed.sender.leafIndex : undefined
  const publicKey = leafIndex === undefined ? undefined : leafKey(leafIndex)
  if (leafIndex === undefined || publicKey === undefined) return invalid('not-a-member')
  const signed = verifyWithLabel({
    cipherSuite: context.cipherSuite,
    publicKey,
    label: 'FramedContentTBS',
    content: framedContentTbs({ wireFormat: PRIVATE_MESSAGE, content: framed }, context),
    signature: evidence.signature,
  })
  if (!signed) return invalid('signature-invalid')
  const { groupId, epoch, content } = framed
  const { applicationData } = content
  return { kind: 'valid', groupId, epoch, leafIndex, applicationData, frankingTag }
}

interface DecodedEvidence {
  readonly framed: FramedContent
  readonly context: GroupContext
  readonly frankingTag: Buffer | undefined
}

function decodeEvidence(evidence: MlsEvidence): DecodedEvidence | undefined {
  try {
    const framed = decode(framedContentCodec, evidence.framedContent)
    const aad = framed.authenticatedData
    const items = aad.length === 0 ? [] : decode(safeAadCodec, aad).aadItems
    return {
      framed,
      context: decode(groupContextCodec, evidence.groupContext),
      frankingTag: items.find(({ componentId }) => componentId === componentIds.frankAad)?.data,
    }
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

function invalid(
  reason: Extract<MlsEvidenceVerdict, { kind: 'invalid' }>['reason'],
): MlsEvidenceVerdict {
  return { kind: 'invalid', reason }
}

const PRIVATE_MESSAGE = 2
