/**
 * A keyed fingerprint of 128 bits: SipHash-2-4 (Aumasson, Bernstein 2012, in its 128-bit form) over the
 * token key id and the spend key. Whoever chooses spend keys can neither find two that collide nor aim
 * at a place in a table. The answer is four words that the next call overwrites.
 */
export function createFingerprint(
  key: Uint8Array,
): (keyId: Uint8Array, spendKey: Uint8Array) => Int32Array {
  const begin = initialState(key)
  const state = new Int32Array(8)
  const words = new Int32Array(4)
  return (keyId, spendKey) => {
    state.set(begin)
    absorbWords(state, keyId)
    absorbWords(state, spendKey)
    finish(state, keyId.length + spendKey.length, words)
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

// The state is v0 to v3, each as its low and its high word.

function initialState(key: Uint8Array): Int32Array {
  if (key.length !== FINGERPRINT_KEY_BYTES) throw new RangeError('expected a key of 16 octets')
  const state = Int32Array.from(INITIAL, (word, index) => word ^ wordAt(key, (index % 4) * 4))
  // What makes it the 128-bit form.
  state[2] = (state[2] ?? 0) ^ 0xee
  return state
}

/** INVARIANT: the length is a multiple of 8. */
function absorbWords(state: Int32Array, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += 8)
    absorb(state, wordAt(bytes, at), wordAt(bytes, at + 4))
}

function absorb(state: Int32Array, low: number, high: number): void {
  state[6] = (state[6] ?? 0) ^ low
  state[7] = (state[7] ?? 0) ^ high
  rounds(state, 2)
  state[0] = (state[0] ?? 0) ^ low
  state[1] = (state[1] ?? 0) ^ high
}

function finish(state: Int32Array, length: number, words: Int32Array): void {
  absorb(state, 0, length << 24)
  state[4] = (state[4] ?? 0) ^ 0xee
  rounds(state, 4)
  words[0] = fold(state, 0)
  words[1] = fold(state, 1)
  state[2] = (state[2] ?? 0) ^ 0xdd
  rounds(state, 4)
  words[2] = fold(state, 0)
  words[3] = fold(state, 1)
}

function fold(state: Int32Array, half: 0 | 1): number {
  return (
    (state[half] ?? 0) ^ (state[2 + half] ?? 0) ^ (state[4 + half] ?? 0) ^ (state[6 + half] ?? 0)
  )
}

/** SipRound, `count` times, on numbers of 32 bits: BigInt is thirty times as slow. */
function rounds(state: Int32Array, count: number): void {
  // Not destructured: that goes through an iterator.
  let v0 = state[0] ?? 0
  let w0 = state[1] ?? 0
  let v1 = state[2] ?? 0
  let w1 = state[3] ?? 0
  let v2 = state[4] ?? 0
  let w2 = state[5] ?? 0
  let v3 = state[6] ?? 0
  let w3 = state[7] ?? 0
  for (let round = 0; round < count; round += 1) {
    let sum = (v0 + v1) | 0
    w0 = (w0 + w1 + carry(sum, v0)) | 0
    v0 = sum
    let turned = (v1 << 13) | (w1 >>> 19)
    w1 = ((w1 << 13) | (v1 >>> 19)) ^ w0
    v1 = turned ^ v0
    ;[v0, w0] = [w0, v0]
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
    ;[v2, w2] = [w2, v2]
  }
  state[0] = v0
  state[1] = w0
  state[2] = v1
  state[3] = w1
  state[4] = v2
  state[5] = w2
  state[6] = v3
  state[7] = w3
}

/** What an addition of low words carries over: 1 where the sum is less than what was added to. */
function carry(sum: number, before: number): number {
  return sum >>> 0 < before >>> 0 ? 1 : 0
}

/** "somepseudorandomlygeneratedbytes", each of its eight-octet words as low and high word. */
const INITIAL = [
  0x70736575, 0x736f6d65, 0x6e646f6d, 0x646f7261, 0x6e657261, 0x6c796765, 0x79746573, 0x74656462,
]
