/**
 * Fingerprints of 64 bits, given as two words, in typed memory: about 13 octets each and no objects.
 * An extendible hash table: segments of 16,384 slots, found through a directory by the top bits of the
 * second word. A full segment is split in two, so growth costs a fraction of a millisecond at a time.
 * Nothing is ever deleted: the whole set is dropped with its epoch.
 *
 * A fresh token is taken for a spent one with a chance of n in 2⁶⁴, so 5·10⁻¹³ with 10 million; never the
 * other way round.
 */
export class FingerprintSet {
  private readonly directory: Segment[]
  /** How many bits the directory is found by. */
  private depth: number
  private count = 0
  /** Holds a segment while it is split. */
  private readonly scratch = new Int32Array(SEGMENT_WORDS)

  /** `expected` saves splits; it may be too low. */
  constructor(expected = 0) {
    this.depth = Math.ceil(Math.log2(Math.max(1, expected / SEGMENT_FULL)))
    this.directory = Array.from({ length: 2 ** this.depth }, () => newSegment(this.depth))
  }

  get size(): number {
    return this.count
  }

  has(first: number, second: number): boolean {
    const { slots } = this.segmentOf(second)
    return slots[slotOf(slots, first, second)] !== 0
  }

  /** False where it was there already. */
  add(first: number, second: number): boolean {
    let segment = this.segmentOf(second)
    while (segment.count >= SEGMENT_FULL) {
      this.split(segment, second)
      segment = this.segmentOf(second)
    }
    const { slots } = segment
    const slot = slotOf(slots, first, second)
    if (slots[slot] !== 0) return false
    slots[slot] = stored(first)
    slots[slot + 1] = second
    segment.count += 1
    this.count += 1
    return true
  }

  private segmentOf(second: number): Segment {
    const segment = this.directory[topBits(second, this.depth)]
    if (segment === undefined) throw new RangeError('the directory has a hole')
    return segment
  }

  /** Moves those whose next bit is set to a new segment; the directory doubles where that bit is new to it. */
  private split(segment: Segment, second: number): void {
    if (segment.depth === this.depth) {
      const before = this.directory.slice()
      for (const [index, known] of before.entries()) {
        this.directory[2 * index] = known
        this.directory[2 * index + 1] = known
      }
      this.depth += 1
    }
    segment.depth += 1
    const sibling = newSegment(segment.depth)
    this.scratch.set(segment.slots)
    segment.slots.fill(0)
    segment.count = 0
    for (let slot = 0; slot < SEGMENT_WORDS; slot += 2) {
      const first = this.scratch[slot] ?? 0
      const other = this.scratch[slot + 1] ?? 0
      if (first === 0) continue
      const target = topBits(other, segment.depth) % 2 === 1 ? sibling : segment
      const place = slotOf(target.slots, first, other)
      target.slots[place] = first
      target.slots[place + 1] = other
      target.count += 1
    }
    const width = 2 ** (this.depth - segment.depth)
    const begin = (topBits(second, segment.depth) | 1) * width
    this.directory.fill(sibling, begin, begin + width)
  }
}

interface Segment {
  /** Pairs of words; a first word of 0 is an empty slot. */
  readonly slots: Int32Array
  count: number
  /** How many top bits all of its fingerprints have in common. */
  depth: number
}

function newSegment(depth: number): Segment {
  return { slots: new Int32Array(SEGMENT_WORDS), count: 0, depth }
}

/** Where the fingerprint is, or else where it belongs. INVARIANT: a segment is never full. */
function slotOf(slots: Int32Array, first: number, second: number): number {
  const wanted = stored(first)
  let slot = (2 * wanted) & SLOT_MASK
  for (;;) {
    const found = slots[slot]
    if (found === 0 || (found === wanted && slots[slot + 1] === second)) return slot
    slot = (slot + 2) & SLOT_MASK
  }
}

/** 0 stands for an empty slot. */
function stored(first: number): number {
  return first === 0 ? 1 : first
}

/** In two steps: a shift by 32 would be one by 0. */
function topBits(word: number, bits: number): number {
  return (word >>> 1) >>> (31 - bits)
}

const SEGMENT_SLOTS = 16_384
const SEGMENT_WORDS = 2 * SEGMENT_SLOTS
const SLOT_MASK = SEGMENT_WORDS - 2
/** Beyond three quarters the searches get long. */
const SEGMENT_FULL = 12_288
