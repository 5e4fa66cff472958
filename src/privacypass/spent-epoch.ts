import type { Clock } from '../model/clock.ts'
import { Batches } from './spent-batches.ts'
import { createFingerprint, wordAt } from './spent-fingerprint.ts'
import type { SpentRecord } from './spent-frame.ts'
import type { SpentLog } from './spent-log.ts'
import type { RecentRequests } from './spent-recent.ts'
import type { FingerprintSet } from './spent-set.ts'
import {
  outcomeOfRepeat,
  SPENT,
  spentUnavailable,
  type EpochState,
  type Spend,
  type SpendOutcome,
  type SpendRefusal,
} from './spent-tokens.ts'

export interface SpentEpochOptions {
  readonly epoch: number
  /** What fingerprints are made with: 16 octets. */
  readonly key: Uint8Array
  readonly spent: FingerprintSet
  readonly recent: RecentRequests
  readonly log: SpentLog
  readonly clock: Clock
  readonly tokensMax: number
}

/** What was spent in one epoch, in memory, and its log. */
export class SpentEpoch {
  private readonly options: SpentEpochOptions
  private readonly fingerprint: ReturnType<typeof createFingerprint>
  /** Spends whose commit is under way. They join the set when it is done: it never forgets. */
  private readonly pending = new Map<number, Pending>()
  private readonly batches: Batches<SpentRecord, void>

  constructor(options: SpentEpochOptions) {
    this.options = options
    this.fingerprint = createFingerprint(options.key)
    this.batches = new Batches({ lanes: 1, commit: (records) => this.commit(records) })
  }

  async spend(spend: Spend): Promise<SpendOutcome> {
    const record = this.recordOf(spend)
    const { spent, tokensMax } = this.options
    const before = this.spentBefore(record)
    if (before !== undefined) return before
    const place = placeOf(record)
    const rival = this.pending.get(place)
    if (rival !== undefined) {
      await rival.committed
      return isSameToken(rival.record, record)
        ? outcomeOfRepeat(isSameRequest(rival.record, record))
        : this.spend(spend)
    }
    if (spent.size + this.pending.size >= tokensMax) throw spentUnavailable('full')
    const committed = this.batches.add(record)
    this.pending.set(place, { record, committed })
    try {
      await committed
      return SPENT
    } finally {
      this.pending.delete(place)
    }
  }

  /** Of a spend that is under way, what it will be. */
  async look(spend: Spend): Promise<SpendRefusal | undefined> {
    const record = this.recordOf(spend)
    const before = this.spentBefore(record)
    if (before !== undefined) return before
    const rival = this.pending.get(placeOf(record))
    if (rival === undefined || !isSameToken(rival.record, record)) return undefined
    await rival.committed
    return outcomeOfRepeat(isSameRequest(rival.record, record))
  }

  state(): EpochState {
    const { epoch, spent, tokensMax } = this.options
    return { kind: 'open', epoch, spent: spent.size, remaining: tokensMax - spent.size }
  }

  /** Answers what is under way. Throws `store-unavailable` where the end of the log could not be noted. */
  async close(): Promise<void> {
    await this.batches.close()
    await this.options.log.seal()
  }

  /** Answers what is under way, for the last time: the files may go. */
  async discard(): Promise<void> {
    await this.batches.close()
    await this.options.log.discard()
  }

  private spentBefore(record: SpentRecord): SpendRefusal | undefined {
    const { spent, recent, clock } = this.options
    if (!spent.has(record.first, record.second)) return undefined
    return outcomeOfRepeat(recent.includes(record, clock()))
  }

  private async commit(records: readonly SpentRecord[]): Promise<readonly void[]> {
    const { spent, recent, log } = this.options
    const spentMs = await log.append(records)
    for (const record of records) {
      spent.add(record.first, record.second)
      recent.add(record, spentMs)
    }
    return records.map(() => {})
  }

  private recordOf({ keyId, spendKey, requestHash }: Spend): SpentRecord {
    const words = this.fingerprint(keyId, spendKey)
    return {
      first: words[0] ?? 0,
      second: words[1] ?? 0,
      third: words[2] ?? 0,
      fourth: words[3] ?? 0,
      requestLow: wordAt(requestHash, 0),
      requestHigh: wordAt(requestHash, 4),
    }
  }
}

interface Pending {
  readonly record: SpentRecord
  readonly committed: Promise<void>
}

/** 53 bits of the fingerprint: what is under way is few enough for them, and told apart afterwards. */
function placeOf({ first, second }: SpentRecord): number {
  return (second & 0x1f_ffff) * 2 ** 32 + (first >>> 0)
}

function isSameToken(a: SpentRecord, b: SpentRecord): boolean {
  return (
    a.first === b.first && a.second === b.second && a.third === b.third && a.fourth === b.fourth
  )
}

function isSameRequest(a: SpentRecord, b: SpentRecord): boolean {
  return a.requestLow === b.requestLow && a.requestHigh === b.requestHigh
}
