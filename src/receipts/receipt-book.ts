import type { KeyObject } from 'node:crypto'
import type { GrantedPlan } from '../metadata/plan.ts'
import type { Suite } from '../metadata/suite.ts'
import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { Store } from '../sqlite/store.ts'
import { alike, termsOf, type CountedAlike } from './build.ts'
import { areAlike, type Passed } from './passed.ts'
import {
  daySeconds,
  openReceipt,
  signReceipt,
  type Receipt,
  type SignedReceipt,
} from './receipt.ts'
import {
  ReceiptStore,
  type PeerDay,
  type ReceiptFilter,
  type StoredReceipt,
} from './receipt-store.ts'
import type { SuitePlan } from './suite-plan.ts'

/** What signs a receipt now. */
export interface ReceiptSigner {
  /** A private key that the document names. */
  readonly key: KeyObject
  /** Digest of our requirements document in force. */
  readonly document: string
}

export interface ReceiptBookOptions {
  readonly provider: string
  /** Migrated with `receiptMigrations`. */
  readonly store: Store
  readonly planOf: (suite: Suite) => SuitePlan
  readonly clock: Clock
  /** So many different counts wait for the disk at the same time; any more are an interruption. */
  readonly pendingMax?: number
}

interface Pending {
  readonly passed: Passed
  count: number
}

/** By plan and the rest of what is the same; few of each differ in their forms. */
type Counts = Map<GrantedPlan, Map<string, Pending[]>>

/** Counts of one day that are not on the disk. */
interface Page {
  readonly day: number
  readonly counts: Counts
  size: number
  hasLost: boolean
}

/**
 * Counts what passes between us and every peer, in memory for a moment and then on disk, and makes
 * receipts of the days that are over. A run that ends without `Symbol.asyncDispose` may have lost its
 * last counts: receipts say so. docs/receipts.md
 */
export class ReceiptBook implements AsyncDisposable {
  readonly planOf: ReceiptBookOptions['planOf']
  private readonly options: ReceiptBookOptions
  private readonly store: ReceiptStore
  private readonly pendingMax: number
  private page: Page
  /** The oldest first: what could not be written yet. */
  private unwritten: Page[] = []
  private timer: NodeJS.Timeout | undefined
  /** One write after the other. */
  private turn: Promise<unknown> = Promise.resolve()
  private closed = false

  private constructor(options: ReceiptBookOptions) {
    this.options = options
    this.planOf = options.planOf
    this.store = new ReceiptStore(options.store)
    this.pendingMax = options.pendingMax ?? PENDING_MAX
    // A clock that was put back adds nothing to a day that is signed already.
    this.page = emptyPage(Math.max(this.today(), this.store.lastDay() + 1))
  }

  /** Throws `store-unavailable`. */
  static async open(options: ReceiptBookOptions): Promise<ReceiptBook> {
    const book = new ReceiptBook(options)
    await book.store.begin(book.page.day)
    return book
  }

  /** Never waits and never throws. */
  count(passed: Passed): void {
    this.keepDay()
    const { page } = this
    const similar = similarIn(page.counts, passed)
    const known = similar.find((other) => areAlike(other.passed, passed))
    if (known !== undefined) {
      known.count += 1
      return
    }
    if (page.size === this.pendingMax) {
      this.lose()
      return
    }
    similar.push({ passed, count: 1 })
    page.size += 1
    this.arm()
  }

  /** Something passed that cannot be counted: the receipts of the day say so. */
  lose(): void {
    this.page.hasLost = true
    this.arm()
  }

  /** Resolves when all that was counted before is on the disk. Throws `store-unavailable`. */
  flush(): Promise<void> {
    clearTimeout(this.timer)
    this.timer = undefined
    return this.inTurn(async () => {
      await this.writeOlder()
      this.unwritten.push(this.page)
      this.page = emptyPage(this.page.day)
      await this.writeOlder()
    })
  }

  /**
   * Signs a receipt for every peer and day that is over, all of it or nothing of each; resolves to their
   * number. Throws `store-unavailable`, and what `signer` throws.
   */
  async seal(signer: () => ReceiptSigner): Promise<number> {
    this.keepDay()
    await this.flush()
    return this.inTurn(async () => {
      const over = this.store.unsealed(this.page.day)
      const failures: unknown[] = []
      for (const one of over)
        try {
          await this.store.seal(one, this.receiptFor(one, signer()))
        } catch (error) {
          // One peer's receipt does not wait for another's.
          failures.push(error)
        }
      if (failures.length > 0) throw failures[0]
      return over.length
    })
  }

  find(peer: string, seq: number): SignedReceipt | undefined {
    return this.store.find(peer, seq)
  }

  /** The newest first. */
  list(filter: ReceiptFilter): readonly StoredReceipt[] {
    return this.store.list(filter)
  }

  /** Deletes receipts of older days, but for the last one of each peer; resolves to their number. */
  deleteBefore(timestampMs: number): Promise<number> {
    return this.store.deleteBefore(Math.floor(timestampMs / DAY_MS))
  }

  /** Writes down what there is, and that nothing is missing. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.closed = true
    await this.flush()
    await this.store.end(this.page.day)
  }

  private today(): number {
    return Math.floor(this.options.clock() / DAY_MS)
  }

  /** INVARIANT: what passed is counted on the day on which it passed. */
  private keepDay(): void {
    const today = this.today()
    if (today <= this.page.day) return
    this.unwritten.push(this.page)
    this.page = emptyPage(today)
    this.arm()
  }

  private arm(): void {
    if (this.closed || this.timer !== undefined) return
    // What could not be written is tried again.
    const run = () => void this.flush().catch(() => this.arm())
    this.timer = setTimeout(run, FLUSH_MS)
    this.timer.unref()
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.turn.then(work, work)
    this.turn = mine
    return mine
  }

  private async writeOlder(): Promise<void> {
    for (let page = this.unwritten[0]; page !== undefined; page = this.unwritten[0]) {
      const counts = this.countsOf(page)
      if (counts.length > 0 || page.hasLost) await this.store.add(page.day, counts, page.hasLost)
      this.unwritten.shift()
    }
  }

  private countsOf({ counts }: Page): (readonly [string, CountedAlike])[] {
    return [...counts.values()].flatMap((ofPlan) =>
      [...ofPlan.values()].flat().map(({ passed, count }) => {
        const plan = this.planOf(passed.plan.suite)
        return [passed.peer, { ...alike(passed, plan), count }] as const
      }),
    )
  }

  private receiptFor({ peer, day }: PeerDay, { key, document }: ReceiptSigner): SignedReceipt {
    const before = this.store.latest(peer)
    const to = (day + 1) * daySeconds
    const since = before === undefined ? day - 1 : before.receipt.from / daySeconds
    const receipt: Receipt = {
      provider: this.options.provider,
      peer,
      seq: (before?.receipt.seq ?? 0) + 1,
      prev: before?.digest ?? null,
      from: day * daySeconds,
      to,
      issuedAt: Math.max(
        Math.floor(this.options.clock() / 1_000),
        to,
        before?.receipt.issuedAt ?? 0,
      ),
      document,
      interruptions: this.store.interruptions(day, since),
      terms: termsOf(this.store.counts({ peer, day })),
    }
    const signed = signReceipt(receipt, key)
    // INVARIANT: whatever is stored can be read.
    const opened = openReceipt(Buffer.from(signed.jws))
    if (opened.kind === 'opened') return signed
    throw new GatewayError('internal', { facts: { reason: opened.reason } })
  }
}

function emptyPage(day: number): Page {
  return { day, counts: new Map(), size: 0, hasLost: false }
}

function similarIn(counts: Counts, { plan, kind, part, peer, agreement }: Passed): Pending[] {
  let ofPlan = counts.get(plan)
  if (ofPlan === undefined) counts.set(plan, (ofPlan = new Map()))
  // Domains and ids have no space.
  const key = `${kind} ${part} ${peer} ${agreement}`
  let similar = ofPlan.get(key)
  if (similar === undefined) ofPlan.set(key, (similar = []))
  return similar
}

const DAY_MS = daySeconds * 1_000
const FLUSH_MS = 50
const PENDING_MAX = 10_000
