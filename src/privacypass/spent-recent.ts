import type { SpentRecord } from './spent-frame.ts'
import { isRecent } from './spent-tokens.ts'

/**
 * The requests of the newest spends, so that one whose answer was lost can have it again. They stand in
 * tables of one size, the newest last; one whose newest spend is no longer recent is emptied and used
 * again. So it neither grows in leaps nor holds much more than ten minutes. Beyond `TABLES_MAX`, 1.5
 * million spends, the oldest table is given up early: its requests are refused from then on.
 */
export class RecentRequests {
  private readonly tables: Table[] = []

  add(record: SpentRecord, spentMs: number): void {
    let table = this.tables.at(-1)
    if (table === undefined || table.count >= TABLE_FULL) table = this.nextTable(spentMs)
    const { words, times } = table
    const slot = slotOf(words, record)
    const at = slot * SLOT_WORDS
    if (isFree(words, at)) table.count += 1
    words[at] = record.first
    words[at + 1] = record.second
    words[at + 2] = record.third
    words[at + 3] = record.fourth
    words[at + 4] = record.requestLow
    words[at + 5] = record.requestHigh
    times[slot] = spentMs
    table.newestMs = Math.max(table.newestMs, spentMs)
  }

  /** Whether this very request has spent this very token lately. */
  includes(record: SpentRecord, nowMs: number): boolean {
    for (const { words, times } of this.tables.toReversed()) {
      const slot = slotOf(words, record)
      const at = slot * SLOT_WORDS
      if (isFree(words, at)) continue
      return (
        words[at + 4] === record.requestLow &&
        words[at + 5] === record.requestHigh &&
        isRecent(times[slot] ?? 0, nowMs)
      )
    }
    return false
  }

  private nextTable(nowMs: number): Table {
    const [oldest] = this.tables
    const isSpare =
      oldest !== undefined &&
      (!isRecent(oldest.newestMs, nowMs) || this.tables.length >= TABLES_MAX)
    const table = isSpare ? emptied(oldest) : newTable()
    if (isSpare) this.tables.shift()
    this.tables.push(table)
    return table
  }
}

interface Table {
  /** Per slot a fingerprint of 128 bits, all zeros where it is free, and the hash of the request. */
  readonly words: Int32Array
  readonly times: Float64Array
  count: number
  newestMs: number
}

function newTable(): Table {
  return {
    words: new Int32Array(TABLE_SLOTS * SLOT_WORDS),
    times: new Float64Array(TABLE_SLOTS),
    count: 0,
    newestMs: 0,
  }
}

function emptied(table: Table): Table {
  table.words.fill(0)
  table.count = 0
  table.newestMs = 0
  return table
}

/** The slot with this fingerprint, or else the free one where it belongs. INVARIANT: a table is never full. */
function slotOf(words: Int32Array, { first, second, third, fourth }: SpentRecord): number {
  let slot = third & SLOT_MASK
  for (;;) {
    const at = slot * SLOT_WORDS
    const isIt =
      words[at] === first &&
      words[at + 1] === second &&
      words[at + 2] === third &&
      words[at + 3] === fourth
    if (isIt || isFree(words, at)) return slot
    slot = (slot + 1) & SLOT_MASK
  }
}

function isFree(words: Int32Array, at: number): boolean {
  return words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0 && words[at + 3] === 0
}

const SLOT_WORDS = 6
const TABLE_SLOTS = 16_384
const SLOT_MASK = TABLE_SLOTS - 1
const TABLE_FULL = 12_288
const TABLES_MAX = 128
