import type { KeyObject } from 'node:crypto'
import { z } from 'zod'
import { openJws, signJws, verifiesWith } from '../metadata/requirements/jws.ts'
import { verificationKeyOf } from '../metadata/requirements/signing-keys.ts'
import { parseProviderDomain, type ProviderDomain } from '../model/ids.ts'

/** Signed receipts: whoever holds one may ask how its report stands, and nobody else may. */
export interface ReportReceipts {
  /** A compact JWS of at most 512 characters. Throws `key-unavailable`. */
  issue(reportId: string, atMs: number): string
  /** What a receipt of ours is for; undefined for anything else. */
  read(receipt: string): IssuedReceipt | undefined
}

export interface IssuedReceipt {
  readonly report: string
  /** To the second. */
  readonly issuedAtMs: number
}

/** Whose receipt this says to be: nobody has checked it. Undefined for what is no receipt. */
export function hubOfReceipt(receipt: string): ProviderDomain | undefined {
  const payload = payloadOf(receipt)?.payload
  if (payload === undefined) return undefined
  try {
    return parseProviderDomain(payload.hub)
  } catch {
    return undefined
  }
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
      const opened = payloadOf(receipt)
      if (opened?.payload.hub !== hub) return undefined
      const { payload, signed } = opened
      const keys = all().map((key) => verificationKeyOf(key))
      if (verifiesWith(signed, keys) !== 'verified') return undefined
      return { report: payload.report, issuedAtMs: payload.iat * 1_000 }
    },
  }
}

function payloadOf(receipt: string) {
  const bounds = { typ: TYPE, bytesMax: receiptBytesMax, depthMax: 1 }
  const opened = openJws(Buffer.from(receipt, 'latin1'), bounds)
  if (opened.kind === 'malformed') return undefined
  const payload = payloadSchema.safeParse(opened.payload)
  return payload.success ? { payload: payload.data, signed: opened.signed } : undefined
}

/** Octets of a receipt. */
export const receiptBytesMax = 512

const TYPE = 'report-receipt+jws'
const payloadSchema = z.strictObject({
  hub: z.string(),
  iat: z.int().nonnegative(),
  report: z.string().max(64),
})
