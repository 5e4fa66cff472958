import type { KeyRing } from '../keys/key-files.ts'
import { verificationKeyOf } from '../metadata/requirements/signing-keys.ts'
import { GatewayError } from '../model/errors.ts'
import type { OwnRequirements } from '../peers/own-requirements.ts'
import { mimiAdapter } from '../protocols/mimi/adapter.ts'
import {
  ReceiptBook,
  type ReceiptBookOptions,
  type ReceiptSigner,
} from '../receipts/receipt-book.ts'
import { createSuitePlans } from '../receipts/suite-plan.ts'
import type { Log } from '../signals/log.ts'
import { repeat } from './repeat.ts'

/** The book of what passes between us and others. Throws `store-unavailable`. */
export function openReceipts(options: Omit<ReceiptBookOptions, 'planOf'>): Promise<ReceiptBook> {
  return ReceiptBook.open({ ...options, planOf: createSuitePlans(mimiAdapter.declarations) })
}

export interface ReceiptParts {
  readonly receipts: ReceiptBook
  readonly own: OwnRequirements
  readonly keys: KeyRing
}

/** Signs what is over, now; resolves to how many receipts that makes. */
export function sealReceipts({ receipts, own, keys }: ReceiptParts): Promise<number> {
  return receipts.seal(() => signerNow(own, keys))
}

/** Signs what is over, now and every minute; never lets a fault out. */
export function startReceipts(parts: ReceiptParts & { readonly log: Log }): Disposable {
  const { log } = parts
  const run = async (): Promise<void> => {
    try {
      const sealed = await sealReceipts(parts)
      if (sealed > 0) log.info('receipts.sealed', { sealed })
    } catch (error) {
      log.fault('receipts.failed', error)
    }
  }
  return repeat(run, INTERVAL_MS)
}

/** Throws `key-unavailable` where we have no key that our document in force names. */
function signerNow(own: OwnRequirements, keys: KeyRing): ReceiptSigner {
  const { document, digest } = own.current()
  const named = new Set(document.keys.keys.map(({ kid }) => kid))
  const found = keys
    .all('requirements-signing')
    .find(({ key }) => named.has(verificationKeyOf(key).kid))
  if (found === undefined)
    throw new GatewayError('key-unavailable', { facts: { reason: 'not-in-document' } })
  return { key: found.key, document: digest }
}

const INTERVAL_MS = 60_000
