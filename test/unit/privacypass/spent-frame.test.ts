import { expect, test } from 'vitest'
import {
  encodeFrame,
  encodePartHeader,
  checkOfHeader,
  isTorn,
  readFrame,
  recordOf,
} from '../../../src/privacypass/spent-frame.ts'

const records = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    first: n,
    second: ~(n << 20),
    third: 0x7fff_ffff - n,
    fourth: -0x8000_0000 + n,
    requestLow: 3 * n,
    requestHigh: ~n,
  }))
const check = checkOfHeader(encodePartHeader(86_400, 1))

test.each([1, 2, 64])('a frame of %i records is read as it was written', (count) => {
  const { bytes, check: after } = encodeFrame(records(count), 1_760_000_000_123, check)
  const padded = Buffer.concat([Buffer.alloc(5), bytes, Buffer.alloc(7)])
  const read = readFrame(padded, 5, check)
  if (read.kind !== 'frame') throw new Error(read.kind)
  expect(read).toMatchObject({ length: bytes.length, check: after })
  expect(read.frame).toMatchObject({ count, spentMs: 1_760_000_000_123 })
  const back = Array.from({ length: count }, (_, n) => recordOf(read.frame, n))
  expect(back).toEqual(records(count))
})

test('no frame is taken with a bit of it turned', () => {
  const { bytes } = encodeFrame(records(3), 5, check)
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const turned = Buffer.from(bytes)
    turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    const read = readFrame(turned, 0, check)
    expect(read.kind).toBe('bad')
    expect(isTorn(turned, read)).toBe(false)
  }
})

test('a frame that is cut anywhere is short, and torn at the end of a log', () => {
  const { bytes } = encodeFrame(records(3), 5, check)
  for (let length = 0; length < bytes.length; length += 1) {
    const cut = bytes.subarray(0, length)
    const read = readFrame(cut, 0, check)
    expect(read.kind).toBe('short')
    expect(isTorn(cut, read)).toBe(true)
  }
})

test('a frame whose end the disk never got is torn', () => {
  const { bytes } = encodeFrame(records(64), 5, check)
  for (const written of [0, 1, 12, 512, 1_024, bytes.length - 4]) {
    const unwritten = Buffer.from(bytes).fill(0, written)
    expect(isTorn(unwritten, readFrame(unwritten, 0, check))).toBe(true)
  }
})

test('more bytes than a frame has are never what a crash left', () => {
  const rest = Buffer.alloc(2_000)
  expect(isTorn(rest, readFrame(rest, 0, check))).toBe(false)
})

test('a frame goes on from the one before it', () => {
  const first = encodeFrame(records(1), 1, check)
  const second = encodeFrame(records(2), 2, first.check)
  const third = encodeFrame(records(1), 3, second.check)
  const without = Buffer.concat([first.bytes, third.bytes])
  expect(readFrame(without, 0, check).kind).toBe('frame')
  expect(readFrame(without, first.bytes.length, first.check).kind).toBe('bad')
})

test('a log of another epoch or with another number is not taken for this one', () => {
  const headers = [
    encodePartHeader(86_400, 1),
    encodePartHeader(172_800, 1),
    encodePartHeader(86_400, 2),
  ]
  expect(new Set(headers.map((header) => checkOfHeader(header))).size).toBe(3)
})
