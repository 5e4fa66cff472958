import type { KeyObject } from 'node:crypto'
import { z } from 'zod'
import { openJws, signJws, verifiesWith } from '../metadata/requirements/jws.ts'
import { verificationKeyOf } from '../metadata/requirements/signing-keys.ts'
import type { ProviderDomain } from '../model/ids.ts'

/** Signed receipts: whoever holds one may ask how its report stands, and nobody else may. */
export interface ReportReceipts {
  /** A compact JWS of at most 512 characters. Throws `key-unavailable`. */
  issue(reportId: string, atMs: number): string
  /** The report that a receipt of ours is for; undefined for anything else. */
  read(receipt: string): string | undefined
}

export interface ReceiptKeys {
  readonly hub: ProviderDomain
  /** Ed25519: the key that signs our requirements documents. */
  readonly signing: () => KeyObject
  /** With those that signed before it. */
  readonly all: () => readonly KeyObject[]
}

/** EdDSA over canonical JSON, as everything that we sign for others. RFC 7515, RFC 8037 §3.1 */
export function createReportReceipts({ hub, signing, all }: ReceiptKeys): ReportReceipts {
  return {
    issue: (report, atMs) => {
      const payload = { hub, iat: Math.floor(atMs / 1_000), report }
      return signJws(payload, TYPE, signing()).jws
    },
    read: (receipt) => {
      const bounds = { typ: TYPE, bytesMax: RECEIPT_BYTES_MAX, depthMax: 1 }
      const opened = openJws(Buffer.from(receipt, 'latin1'), bounds)
      if (opened.kind === 'malformed') return undefined
      const payload = payloadSchema.safeParse(opened.payload)
      if (!payload.success || payload.data.hub !== hub) return undefined
      const keys = all().map((key) => verificationKeyOf(key))
      return verifiesWith(opened.signed, keys) === 'verified' ? payload.data.report : undefined
    },
  }
}

const TYPE = 'report-receipt+jws'
const RECEIPT_BYTES_MAX = 512
const payloadSchema = z.strictObject({
  hub: z.string(),
  iat: z.int().nonnegative(),
  report: z.string().max(64),
})
