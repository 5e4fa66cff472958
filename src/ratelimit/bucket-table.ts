/** 128 bits that stand for a bucket, as four numbers of 32 bits, signed. Opaque: part of an HMAC. */
export interface BucketKey {
  readonly a: number
  readonly b: number
  readonly c: number
  readonly d: number
}

/**
 * The state of buckets by their keys in one block of memory: 24 octets each, and at least a fifth of
 * the places free. INVARIANT: keys are evenly spread, as HMACs are, so that probes stay short.
 */
export class BucketTable {
  private capacity = CAPACITY_MIN
  private words = new Int32Array(CAPACITY_MIN * WORDS)
  /** The same memory; 0 stands for a free place. */
  private doubles = new Float64Array(this.words.buffer)
  private count = 0

  get size(): number {
    return this.count
  }

  /** How many places there are, the free ones with them. */
  get places(): number {
    return this.capacity
  }

  /** The place of a key, or a negative number. */
  find(key: BucketKey): number {
    const { words, doubles, capacity } = this
    const mask = capacity - 1
    for (
      let place = key.a & mask;
      doubles[place * DOUBLES + STATE] !== 0;
      place = (place + 1) & mask
    ) {
      const at = place * WORDS
      if (
        words[at] === key.a &&
        words[at + 1] === key.b &&
        words[at + 2] === key.c &&
        words[at + 3] === key.d
      )
        return place
    }
    return ABSENT
  }

  /** The state at a place; 0 where it is free. */
  read(place: number): number {
    return this.doubles[place * DOUBLES + STATE] ?? 0
  }

  /** `stateMs` is above 0. */
  write(place: number, stateMs: number): void {
    this.doubles[place * DOUBLES + STATE] = stateMs
  }

  /** For a key that is not there; places change. */
  insert(key: BucketKey, stateMs: number): void {
    if ((this.count + 1) * 5 > this.capacity * 4) this.grow()
    this.put(key, stateMs)
    this.count += 1
  }

  /** Frees a place, and fills it with what had to be put further on for it. */
  remove(place: number): void {
    const { doubles, words, capacity } = this
    const mask = capacity - 1
    let free = place
    for (let next = (free + 1) & mask; this.read(next) !== 0; next = (next + 1) & mask) {
      const home = (words[next * WORDS] ?? 0) & mask
      if (((next - home) & mask) < ((next - free) & mask)) continue
      words.copyWithin(free * WORDS, next * WORDS, (next + 1) * WORDS)
      free = next
    }
    doubles[free * DOUBLES + STATE] = 0
    this.count -= 1
  }

  private put(key: BucketKey, stateMs: number): void {
    const { words, doubles, capacity } = this
    const mask = capacity - 1
    let place = key.a & mask
    while (doubles[place * DOUBLES + STATE] !== 0) place = (place + 1) & mask
    const at = place * WORDS
    words[at] = key.a
    words[at + 1] = key.b
    words[at + 2] = key.c
    words[at + 3] = key.d
    doubles[place * DOUBLES + STATE] = stateMs
  }

  private grow(): void {
    const { words, doubles, capacity } = this
    this.capacity = capacity * 2
    this.words = new Int32Array(this.capacity * WORDS)
    this.doubles = new Float64Array(this.words.buffer)
    for (let place = 0; place < capacity; place += 1) {
      const stateMs = doubles[place * DOUBLES + STATE] ?? 0
      if (stateMs === 0) continue
      const at = place * WORDS
      const key = {
        a: words[at] ?? 0,
        b: words[at + 1] ?? 0,
        c: words[at + 2] ?? 0,
        d: words[at + 3] ?? 0,
      }
      this.put(key, stateMs)
    }
  }
}

const ABSENT = -1
const CAPACITY_MIN = 1_024
/** Per place: four words of the key, and the state. */
const WORDS = 6
const DOUBLES = 3
const STATE = 2
