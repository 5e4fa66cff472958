import { createHash } from 'node:crypto'
import type { ExportFormat } from '../reports/cases/case-state.ts'

/**
 * What others know a decision by in a form: the same decision, the same reference, and no name of ours.
 * A UUID for XARF, else 43 characters of `A-Za-z0-9_-`. Decisions' ids have 80 random bits: nobody
 * guesses one from this.
 */
export function referenceOf(format: ExportFormat, decision: string): string {
  const digest = createHash('sha256').update(`postern ${format} ${decision}`).digest()
  return format === 'xarf' ? uuidOf(digest.subarray(0, UUID_BYTES)) : digest.toString('base64url')
}

/** In the form of version 4. RFC 9562 §5.4 */
function uuidOf(bytes: Buffer): string {
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

const UUID_BYTES = 16
