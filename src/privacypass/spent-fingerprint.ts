/**
 * A keyed fingerprint of 128 bits: SipHash-2-4 (Aumasson, Bernstein 2012, in its 128-bit form) over the
 * token key id and the spend key. Whoever chooses spend keys can neither find two that collide nor aim
 * at a place in a table. The answer is four words that the next call overwrites.
 */
export function createFingerprint(
  key: Uint8Array,
): (keyId: Uint8Array, spendKey: Uint8Array) => Int32Array {
  const begin = initialState(key)
  const words = new Int32Array(4)
  return (keyId, spendKey) => {
    sipHash(begin, { keyId, spendKey, words })
    return words
  }
}

/** How many octets a key has. */
export const FINGERPRINT_KEY_BYTES = 16

/** Octets as words, least significant octet first. */
export function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  )
}

/** v0 to v3 before the first octet, each as its low and its high word. */
function initialState(key: Uint8Array): Int32Array {
  if (key.length !== FINGERPRINT_KEY_BYTES) throw new RangeError('expected a key of 16 octets')
  const state = Int32Array.from(INITIAL, (word, index) => word ^ wordAt(key, (index % 4) * 4))
  // What makes it the 128-bit form.
  state[2] = (state[2] ?? 0) ^ 0xee
  return state
}

interface Hashed {
  readonly keyId: Uint8Array
  readonly spendKey: Uint8Array
  readonly words: Int32Array
}

/**
 * One loop over the blocks, the length, and the two ends, on 16 local numbers of 32 bits: a state in an
 * array is twice as slow, BigInt thirty times. INVARIANT: both lengths are multiples of 8.
 */
// oxlint-disable-next-line max-lines-per-function -- the state has to stay in local variables
function sipHash(begin: Int32Array, { keyId, spendKey, words }: Hashed): void {
  // Not destructured: that goes through an iterator.
  let v0 = begin[0] ?? 0
  let w0 = begin[1] ?? 0
  let v1 = begin[2] ?? 0
  let w1 = begin[3] ?? 0
  let v2 = begin[4] ?? 0
  let w2 = begin[5] ?? 0
  let v3 = begin[6] ?? 0
  let w3 = begin[7] ?? 0
  const length = keyId.length + spendKey.length
  for (let at = 0; at <= length + 16; at += 8) {
    let low = 0
    let high = 0
    let rounds = 2
    if (at < keyId.length) {
      low = wordAt(keyId, at)
      high = wordAt(keyId, at + 4)
    } else if (at < length) {
      low = wordAt(spendKey, at - keyId.length)
      high = wordAt(spendKey, at - keyId.length + 4)
    } else if (at === length) {
      high = length << 24
    } else if (at === length + 8) {
      v2 ^= 0xee
      rounds = 4
    } else {
      words[0] = v0 ^ v1 ^ v2 ^ v3
      words[1] = w0 ^ w1 ^ w2 ^ w3
      v1 ^= 0xdd
      rounds = 4
    }
    v3 ^= low
    w3 ^= high
    for (let round = 0; round < rounds; round += 1) {
      let sum = (v0 + v1) | 0
      w0 = (w0 + w1 + carry(sum, v0)) | 0
      v0 = sum
      let turned = (v1 << 13) | (w1 >>> 19)
      w1 = ((w1 << 13) | (v1 >>> 19)) ^ w0
      v1 = turned ^ v0
      turned = v0
      v0 = w0
      w0 = turned
      sum = (v2 + v3) | 0
      w2 = (w2 + w3 + carry(sum, v2)) | 0
      v2 = sum
      turned = (v3 << 16) | (w3 >>> 16)
      w3 = ((w3 << 16) | (v3 >>> 16)) ^ w2
      v3 = turned ^ v2
      sum = (v0 + v3) | 0
      w0 = (w0 + w3 + carry(sum, v0)) | 0
      v0 = sum
      turned = (v3 << 21) | (w3 >>> 11)
      w3 = ((w3 << 21) | (v3 >>> 11)) ^ w0
      v3 = turned ^ v0
      sum = (v2 + v1) | 0
      w2 = (w2 + w1 + carry(sum, v2)) | 0
      v2 = sum
      turned = (v1 << 17) | (w1 >>> 15)
      w1 = ((w1 << 17) | (v1 >>> 15)) ^ w2
      v1 = turned ^ v2
      turned = v2
      v2 = w2
      w2 = turned
    }
    v0 ^= low
    w0 ^= high
  }
  words[2] = v0 ^ v1 ^ v2 ^ v3
  words[3] = w0 ^ w1 ^ w2 ^ w3
}

/** What an addition of low words carries over: 1 where the sum is less than what was added to. */
function carry(sum: number, before: number): number {
  return sum >>> 0 < before >>> 0 ? 1 : 0
}

/** "somepseudorandomlygeneratedbytes", each of its eight-octet words as low and high word. */
const INITIAL = [
  0x70736575, 0x736f6d65, 0x6e646f6d, 0x646f7261, 0x6e657261, 0x6c796765, 0x79746573, 0x74656462,
]
