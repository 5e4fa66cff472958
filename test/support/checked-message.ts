import type { CheckedMessage } from '../../src/reports/intake.ts'

/** A message of this id, as after the checks: its frank proves it. */
export function checkedMessage(id: Buffer, frankingTag: Buffer = Buffer.alloc(32)): CheckedMessage {
  return {
    result: 'verified',
    method: 'frank',
    anomaly: undefined,
    messageId: id,
    sequence: undefined,
    steps: [],
    gap: undefined,
    claim: {
      frankingTag,
      messageId: id,
      frank: { serverFrank: Buffer.alloc(32), ciphersuite: 1, signature: Buffer.alloc(64) },
      acceptedTimestamp: 0n,
      attachments: 0,
      unverifiableAttachments: 0,
      mls: undefined,
    },
  }
}
