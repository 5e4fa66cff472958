import type { Clock, Randomness } from '../model/clock.ts'
import { SpentEpoch } from './spent-epoch.ts'
import { nodeFiles, partNames, partPath, type SpentFiles } from './spent-files.ts'
import { FINGERPRINT_KEY_BYTES } from './spent-fingerprint.ts'
import { SpentLedger } from './spent-ledger.ts'
import type { LoadedEpoch } from './spent-load.ts'
import { SpentLog } from './spent-log.ts'
import { takeOwnership, type Ownership } from './spent-owner.ts'
import { RecentRequests } from './spent-recent.ts'
import { recover } from './spent-recover.ts'
import { FingerprintSet } from './spent-set.ts'
import { enterShard, noteUse, type Shard } from './spent-shards.ts'
import {
  asUnavailable,
  checkSpend,
  copyOf,
  EPOCH_CLOSED,
  EPOCHS_MAX,
  newestEpochAt,
  shardOf,
  spentUnavailable,
  type EpochState,
  type Spend,
  type SpendOutcome,
  type SpendRefusal,
  type SpentTokens,
} from './spent-tokens.ts'

export interface EmbeddedSpentTokensOptions {
  /** Of all shards together; made with mode 0700 where it is absent. */
  readonly directory: string
  readonly clock: Clock
  readonly randomness: Randomness
  /** Which of how many stores this is; the only one by default. See `shardOf`. */
  readonly shard?: Shard
  /**
   * Whether there was a store in this directory before. Where nothing is there any more, every epoch that
   * may have begun is closed.
   */
  readonly expected?: boolean
  /** How many tokens one epoch may have, at most 100 million; each takes some 13 octets of memory. */
  readonly tokensMax?: number
  readonly files?: SpentFiles
}

/**
 * Opens the store in a directory and reads back what was spent. Whoever had it open before is shut out.
 * Throws `store-unavailable` where it cannot be read or written.
 */
export async function openEmbeddedSpentTokens(
  options: EmbeddedSpentTokensOptions,
): Promise<SpentTokens> {
  try {
    return await open({ ...DEFAULTS, ...options })
  } catch (cause) {
    throw asUnavailable('open', cause)
  }
}

async function open(settings: Settings): Promise<SpentTokens> {
  const { files, randomness, clock } = settings
  const nowMs = clock()
  const newestEpoch = newestEpochAt(nowMs)
  const entered = await enterShard({ ...settings, newestEpoch })
  const { directory } = entered
  const ownership = await takeOwnership(files, directory, randomness)
  try {
    const { manifest, loaded } = await recover({ ...entered, files, nowMs, newestEpoch })
    const ledger = new SpentLedger({ files, directory, ownership }, manifest)
    await ledger.change((same) => same)
    await noteUse({ ...settings, newestEpoch })
    const tokensMax = Math.min(settings.tokensMax, TOKENS_MAX)
    return new EmbeddedSpentTokens({ ...settings, tokensMax, directory, ledger, ownership }, loaded)
  } catch (error) {
    await ownership.end()
    throw error
  }
}

type Settings = Required<EmbeddedSpentTokensOptions>

interface Parts extends Settings {
  readonly ledger: SpentLedger
  readonly ownership: Ownership
}

class EmbeddedSpentTokens implements SpentTokens {
  private readonly parts: Parts
  private readonly open = new Map<number, SpentEpoch>()
  private readonly opening = new Map<number, Promise<SpentEpoch>>()
  private floor: number
  private isClosed = false

  constructor(parts: Parts, loaded: ReadonlyMap<number, LoadedEpoch>) {
    this.parts = parts
    this.floor = parts.ledger.manifest.floor
    for (const [epoch, records] of loaded) {
      const entry = parts.ledger.entryOf(epoch)
      if (entry?.kind === 'open') this.open.set(epoch, this.epochOf(epoch, entry.key, records))
    }
  }

  async spend(spend: Spend): Promise<SpendOutcome> {
    this.check(spend)
    const { epoch } = spend
    if (this.isEpochClosed(epoch)) return EPOCH_CLOSED
    const known = this.open.get(epoch)
    if (known !== undefined) return known.spend(spend)
    const copy = copyOf(spend)
    const opened = await this.begin(epoch)
    // It may have been dropped meanwhile.
    return epoch < this.floor ? EPOCH_CLOSED : opened.spend(copy)
  }

  async look(spend: Spend): Promise<SpendRefusal | undefined> {
    this.check(spend)
    if (this.isEpochClosed(spend.epoch)) return EPOCH_CLOSED
    return this.open.get(spend.epoch)?.look(spend)
  }

  epochs(): Promise<readonly EpochState[]> {
    const closed = this.parts.ledger.manifest.epochs.filter((entry) => entry.kind === 'closed')
    const states = [...closed, ...[...this.open.values()].map((epoch) => epoch.state())]
    return Promise.resolve(
      states.filter(({ epoch }) => epoch >= this.floor).toSorted((a, b) => a.epoch - b.epoch),
    )
  }

  async dropBefore(epoch: number): Promise<void> {
    // INVARIANT: first, and whatever fails afterwards.
    this.floor = Math.max(this.floor, epoch)
    const { floor } = this
    await Promise.allSettled(this.opening.values())
    const dropped = [...this.open].filter(([known]) => known < floor)
    for (const [known] of dropped) this.open.delete(known)
    await Promise.all(dropped.map(([, known]) => known.discard()))
    await this.parts.ledger.change((manifest) => ({
      floor: Math.max(floor, manifest.floor),
      epochs: manifest.epochs.filter((entry) => entry.epoch >= floor),
    }))
    await this.removeFiles(floor)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    await Promise.allSettled(this.opening.values())
    // What cannot be sealed is read as after a crash.
    await Promise.allSettled([...this.open.values()].map((epoch) => epoch.close()))
    await this.parts.ownership.end()
  }

  private check(spend: Spend): void {
    checkSpend(spend)
    const { shard } = this.parts
    if (shardOf(spend.spendKey, shard.count) !== shard.index) throw spentUnavailable('other-shard')
    if (this.isClosed) throw spentUnavailable('closed')
  }

  private isEpochClosed(epoch: number): boolean {
    if (epoch < this.floor) return true
    return !this.open.has(epoch) && this.parts.ledger.entryOf(epoch)?.kind === 'closed'
  }

  private begin(epoch: number): Promise<SpentEpoch> {
    const under = this.opening.get(epoch)
    if (under !== undefined) return under
    const opening = this.create(epoch).finally(() => this.opening.delete(epoch))
    this.opening.set(epoch, opening)
    return opening
  }

  private async create(epoch: number): Promise<SpentEpoch> {
    const { ledger, randomness } = this.parts
    if (ledger.manifest.epochs.length + this.opening.size >= EPOCHS_MAX)
      throw spentUnavailable('too-many-epochs')
    const key = randomness(FINGERPRINT_KEY_BYTES)
    await ledger.change((manifest) => ({
      ...manifest,
      epochs: [...manifest.epochs, { kind: 'open', epoch, key, parts: [] }],
    }))
    const empty = { spent: new FingerprintSet(), recent: new RecentRequests() }
    const created = this.epochOf(epoch, key, empty)
    this.open.set(epoch, created)
    return created
  }

  private epochOf(
    epoch: number,
    key: Uint8Array,
    { spent, recent }: Pick<LoadedEpoch, 'spent' | 'recent'>,
  ): SpentEpoch {
    const { ledger, ownership, clock, tokensMax } = this.parts
    const log = new SpentLog({ epoch, ledger, ownership, clock })
    return new SpentEpoch({ epoch, key, spent, recent, log, clock, tokensMax })
  }

  /** What fails to go now goes at the next start: the manifest says that it does not count. */
  private async removeFiles(floor: number): Promise<void> {
    const { files, directory } = this.parts
    const names = await partNames(files, directory).catch(() => [])
    const old = names.filter(({ epoch }) => epoch < floor)
    await Promise.allSettled(old.map((name) => files.unlink(partPath(directory, name))))
  }
}

/** What one log may hold: its length is a number of 32 bits. */
const TOKENS_MAX = 100_000_000
const DEFAULTS = {
  shard: { index: 0, count: 1 },
  expected: false,
  tokensMax: 25_000_000,
  files: nodeFiles,
}
