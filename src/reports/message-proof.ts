import type { ProofStep } from '../franking/verify-report.ts'
import type { CheckedMessage } from './intake.ts'

/** What was checked of a message, with which public values: for whoever wants to check it again. */
export interface MessageProof {
  readonly schema: 1
  /** Hexadecimal, like all octets here. */
  readonly messageId: string
  readonly frankingTag: string
  readonly acceptedTimestamp: number
  readonly frank: {
    readonly serverFrank: string
    readonly ciphersuite: number
    readonly signature: string
  }
  readonly mls?: {
    readonly epoch: number
    readonly leafIndex: number
    readonly leafKey: string
    readonly contextHash: string
  }
  readonly steps: readonly ProofStep[]
  readonly result: string
  readonly method: string
  readonly anomaly?: string
  readonly attachments: number
  readonly unverifiableAttachments: number
  readonly checkedAtMs: number
}

/**
 * The machine proof of one message. Sender and room are those of its report. INVARIANT: no content, no
 * salt: the tag commits to content and tells nothing of it.
 */
export function messageProof(message: CheckedMessage, checkedAtMs: number): MessageProof {
  const { claim, steps, result, method, anomaly } = message
  const { frank, mls, attachments, unverifiableAttachments } = claim
  return {
    schema: 1,
    messageId: message.messageId.toString('hex'),
    frankingTag: claim.frankingTag.toString('hex'),
    acceptedTimestamp: Number(claim.acceptedTimestamp),
    frank: {
      serverFrank: frank.serverFrank.toString('hex'),
      ciphersuite: frank.ciphersuite,
      signature: frank.signature.toString('hex'),
    },
    ...(mls?.kind === 'signed' && {
      mls: {
        epoch: Number(mls.epoch),
        leafIndex: mls.leafIndex,
        leafKey: mls.leafKey.toString('hex'),
        contextHash: mls.contextHash.toString('hex'),
      },
    }),
    steps,
    result,
    method,
    ...(anomaly !== undefined && { anomaly }),
    attachments,
    unverifiableAttachments,
    checkedAtMs,
  }
}
