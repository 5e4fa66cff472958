import { z } from 'zod'

// What goes over the control socket about receipts.

const receiptSummarySchema = z.strictObject({
  peer: z.string(),
  /** With the peer it names the receipt. */
  seq: z.number(),
  digest: z.string(),
  /** Begin of the day in UTC, in ms since 1970. */
  fromMs: z.number(),
  interruptions: z.number(),
})

export const receiptListSchema = z.strictObject({
  /** The newest first. */
  receipts: z.array(receiptSummarySchema),
  /** Give it as `before` for the next page. */
  next: z.number().optional(),
})
export type ReceiptList = z.infer<typeof receiptListSchema>

/** A signed receipt; whoever gets it reads it with `openReceipt`. */
export const signedReceiptSchema = z.strictObject({ jws: z.string() })
export type SignedReceiptView = z.infer<typeof signedReceiptSchema>

/** A receipt of the server that is asked. */
export interface ReceiptName {
  readonly peer: string
  readonly seq: number
}

export interface ReceiptPage {
  readonly peer: string | undefined
  readonly before: number | undefined
  readonly limit: number
}

/** What the gateway lets its operator ask about receipts. */
export interface ReceiptHandlers {
  readonly list: (page: ReceiptPage) => Promise<ReceiptList>
  readonly find: (receipt: ReceiptName) => Promise<SignedReceiptView | undefined>
}

/** Paths of the control socket. */
export const receiptPaths = {
  list: '/control/v1/receipts',
  one: '/control/v1/receipts/:peer/:seq',
} as const
