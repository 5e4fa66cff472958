import { GatewayError } from '../model/errors.ts'
import type { ForwardedClaim, ForwardedToRead } from '../reports/read-forwarded.ts'
import type { EvidencePorts } from './evidence-ports.ts'

/** What our own relay log says of a forwarded message, with which public values; no content. */
export interface ForwardedProof {
  readonly schema: 1
  /** Hexadecimal. */
  readonly messageId: string
  readonly frankingTag: string
  /**
   * `verified`: we relayed this content, of this sender, to this room. `contradicted`: we relayed it, and
   * another sender of ours sent it. `unverifiable`: we do not know it, which proves nothing.
   */
  readonly result: 'verified' | 'contradicted' | 'unverifiable'
  readonly method: 'relay-log' | 'none'
  readonly steps: readonly {
    readonly check: 'sent-by-subject' | 'sent-by-another' | 'received-from-hub'
    readonly outcome: 'passed' | 'failed'
  }[]
  /** When its hub accepted it, as we logged it. */
  readonly loggedAtMs?: number
  readonly checkedAtMs: number
}

/** What became of evidence that came with a notice. */
export type EvidenceCheck =
  | {
      readonly kind: 'checked'
      /** Messages that found no place in the notice. */
      readonly leftOut: number
      readonly messages: readonly ForwardedProof[]
    }
  | { readonly kind: 'unreadable'; readonly reason: string }

/**
 * Checks forwarded messages against our own relay log: content and room give the tag, and the log is
 * ours, so that the hub need not be trusted. Throws `verifier-unavailable` where it can be tried again.
 */
export async function checkEvidence(
  { read, ownLog }: Pick<EvidencePorts, 'read' | 'ownLog'>,
  asked: ForwardedToRead,
  nowMs: number,
): Promise<EvidenceCheck> {
  const found = await readOrGiveUp(read, asked)
  if (found.kind === 'unreadable') return { kind: 'unreadable', reason: found.fault }
  const { room, leftOut, claims } = found
  const place = { room, subject: asked.subject, nowMs }
  return {
    kind: 'checked',
    leftOut,
    messages: claims.map((claim) => proofOf(ownLog, claim, place)),
  }
}

/** Whether our own log knows all of it; undefined where it could not be read. */
export function ownLogMatch(check: EvidenceCheck): boolean | undefined {
  if (check.kind === 'unreadable') return undefined
  return check.messages.every(({ result }) => result === 'verified')
}

/** What takes the process down alone and twice is read by nobody; it is kept as it came. */
async function readOrGiveUp(read: EvidencePorts['read'], asked: ForwardedToRead) {
  try {
    return await read(asked)
  } catch (error) {
    const isKilled = error instanceof GatewayError && error.facts['reason'] === 'killed'
    if (!isKilled) throw error
    return { kind: 'unreadable', fault: 'killed' } as const
  }
}

function proofOf(
  ownLog: EvidencePorts['ownLog'],
  { messageId, frankingTag }: ForwardedClaim,
  place: { readonly room: string; readonly subject: string; readonly nowMs: number },
): ForwardedProof {
  const { room, subject, nowMs } = place
  const sent = ownLog(room, frankingTag, subject)
  const any = sent ?? ownLog(room, frankingTag)
  const another = sent === undefined && any !== undefined && any.sender !== ''
  const step = (check: ForwardedProof['steps'][number]['check'], passed: boolean) =>
    ({ check, outcome: passed ? 'passed' : 'failed' }) as const
  const result = sent !== undefined ? 'verified' : another ? 'contradicted' : 'unverifiable'
  return {
    schema: 1,
    messageId: messageId.toString('hex'),
    frankingTag: frankingTag.toString('hex'),
    result,
    method: result === 'unverifiable' ? 'none' : 'relay-log',
    steps: [
      step('sent-by-subject', sent !== undefined),
      step('sent-by-another', another),
      step('received-from-hub', any !== undefined && any.sender === ''),
    ],
    ...(any !== undefined && { loggedAtMs: any.timestampMs }),
    checkedAtMs: nowMs,
  }
}
