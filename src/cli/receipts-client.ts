import {
  receiptListSchema,
  receiptPaths,
  signedReceiptSchema,
  type ReceiptHandlers,
} from '../admin/receipts-api.ts'
import { unlessMissing, type ControlCall } from './control-call.ts'

/** Asks a running server about receipts. Every call throws `ControlError`. */
export function createReceiptsClient(call: ControlCall): ReceiptHandlers {
  return {
    list: ({ peer, before, limit }) => {
      const query = new URLSearchParams({
        limit: String(limit),
        ...(peer !== undefined && { peer }),
        ...(before !== undefined && { before: String(before) }),
      })
      return call(receiptListSchema, `${receiptPaths.list}?${query.toString()}`)
    },
    find: ({ peer, seq }) => {
      const path = receiptPaths.one.replace(':peer', encodeURIComponent(peer))
      return unlessMissing(call(signedReceiptSchema, path.replace(':seq', String(seq))))
    },
  }
}
