import { GatewayError } from '../model/errors.ts'
import { ownBytes } from './own-bytes.ts'
import { acceptedEpochStarts } from './pseudonym-epoch.ts'
import { wordAt } from './spent-fingerprint.ts'

/** One token that asks to be spent, after it was verified. */
export interface Spend {
  /** When the token's epoch begins, in seconds since the Unix epoch. */
  readonly epoch: number
  /** The issuer's token key id, 32 octets: RFC 9578 §8.2. */
  readonly keyId: Uint8Array
  /** What makes the token one token, 32 octets; for type 0x0002 its nonce. */
  readonly spendKey: Uint8Array
  /** First 8 octets of the hash of what the token is spent on. */
  readonly requestHash: Uint8Array
}

export type SpendOutcome = { readonly kind: 'spent' } | SpendRefusal

export type SpendRefusal =
  /** The same request has spent it, at most ten minutes ago: its answer got lost, it may have it again. */
  | { readonly kind: 'again' }
  /** Another request has spent it, or the same one longer ago. */
  | { readonly kind: 'replayed' }
  /** No token of this epoch is taken any more: it was dropped, or what was spent in it is not known. */
  | { readonly kind: 'epoch-closed' }

export type EpochState =
  | {
      readonly kind: 'open'
      readonly epoch: number
      readonly spent: number
      /** How many more the store has room for; undefined: it knows no bound. */
      readonly remaining: number | undefined
    }
  | { readonly kind: 'closed'; readonly epoch: number; readonly reason: ClosedReason }

/** Why an epoch is closed for good. */
export type ClosedReason =
  /** Its records are gone. */
  | 'missing'
  /** Its records are not what was written. */
  | 'damaged'
  /** Its tokens were shared out among another number of stores. */
  | 'resharded'
  /** Another server took over, which may lack the newest records. */
  | 'failed-over'

/**
 * Which tokens were spent. Every implementation passes test/support/spent-tokens-suite.ts.
 * INVARIANT: of all calls with one epoch, key id and spend key at most one ever gets `spent`, whatever
 * runs at once, crashes or is lost; and what got an answer is remembered until its epoch is dropped.
 */
export interface SpentTokens extends AsyncDisposable {
  /**
   * Spends a token, atomically, and answers when that is durable. Rejects with `store-unavailable` where
   * that is in doubt: the token may be spent then, and the same request may try again.
   */
  spend(spend: Spend): Promise<SpendOutcome>
  /**
   * What `spend` would answer if the token was spent before or its epoch is closed, else undefined. Spends
   * nothing, so others may be faster. Rejects as `spend`.
   */
  look(spend: Spend): Promise<SpendRefusal | undefined>
  /** The epochs that are known, oldest first. Throws `store-unavailable`. */
  epochs(): Promise<readonly EpochState[]>
  /** Forgets the epochs before this one and closes them for good. Throws `store-unavailable`. */
  dropBefore(epoch: number): Promise<void>
}

/**
 * Which of `shards` stores a token belongs to. The number must stay the same as long as an epoch lasts:
 * another store knows nothing of what this one has spent.
 */
export function shardOf(spendKey: Uint8Array, shards: number): number {
  return (wordAt(spendKey, 0) >>> 0) % shards
}

/** Throws `internal` where the lengths or the epoch cannot be right. */
export function checkSpend({ epoch, keyId, spendKey, requestHash }: Spend): void {
  if (
    keyId.length !== 32 ||
    spendKey.length !== 32 ||
    requestHash.length !== 8 ||
    !Number.isSafeInteger(epoch) ||
    epoch < 0
  )
    throw new GatewayError('internal', { facts: { reason: 'spend' } })
}

/** One whose bytes stay as they are while something is waited for. */
export function copyOf({ epoch, keyId, spendKey, requestHash }: Spend): Spend {
  return {
    epoch,
    keyId: ownBytes(keyId),
    spendKey: ownBytes(spendKey),
    requestHash: ownBytes(requestHash),
  }
}

/** `store-unavailable` with its reason. */
export function spentUnavailable(reason: string, cause?: unknown): GatewayError {
  return new GatewayError('store-unavailable', { facts: { reason }, cause })
}

/** The error itself where it has a code already. */
export function asUnavailable(reason: string, cause: unknown): GatewayError {
  return cause instanceof GatewayError ? cause : spentUnavailable(reason, cause)
}

/** The newest epoch of which a token may have been spent by now. */
export function newestEpochAt(nowMs: number): number {
  return Math.max(...acceptedEpochStarts(nowMs))
}

/** Whether a time is close enough to now, on either side: a clock may have been set back. */
export function isRecent(spentMs: number, nowMs: number): boolean {
  return Math.abs(nowMs - spentMs) <= AGAIN_MS
}

/** The outcome for a token that is spent already. */
export function outcomeOfRepeat(isSameRequest: boolean): SpendRefusal {
  return isSameRequest ? AGAIN : REPLAYED
}

export const SPENT: SpendOutcome = Object.freeze({ kind: 'spent' })
export const EPOCH_CLOSED: SpendRefusal = Object.freeze({ kind: 'epoch-closed' })
/** How long a request may ask for its answer again. */
const AGAIN_MS = 600_000
/** How many spends are committed at once. */
export const BATCH_MAX = 64
/** How many epochs are held: the ones of today and tomorrow, and what nobody has dropped yet. */
export const EPOCHS_MAX = 16
const AGAIN: SpendRefusal = Object.freeze({ kind: 'again' })
const REPLAYED: SpendRefusal = Object.freeze({ kind: 'replayed' })
