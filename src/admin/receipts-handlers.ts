import type { ReceiptBook } from '../receipts/receipt-book.ts'
import type { ReceiptHandlers } from './receipts-api.ts'

export interface ReceiptHandlersOptions {
  readonly receipts: ReceiptBook
  /** Signs what is over. */
  readonly seal: () => Promise<unknown>
}

/** Receipts as the control socket shows them: those of days that are over are signed before. */
export function createReceiptHandlers({ receipts, seal }: ReceiptHandlersOptions): ReceiptHandlers {
  return {
    list: async (page) => {
      await seal()
      const stored = receipts.list(page)
      const next = stored.length === page.limit ? stored.at(-1)?.position : undefined
      return {
        receipts: stored.map(({ signed: { digest, receipt } }) => ({
          peer: receipt.peer,
          seq: receipt.seq,
          digest,
          fromMs: receipt.from * 1_000,
          interruptions: receipt.interruptions,
        })),
        ...(next !== undefined && { next }),
      }
    },
    find: ({ peer, seq }) => {
      const found = receipts.find(peer, seq)
      return Promise.resolve(found === undefined ? undefined : { jws: found.jws })
    },
  }
}
