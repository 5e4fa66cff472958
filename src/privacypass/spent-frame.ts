import { crc32 } from 'node:zlib'
import { crc32Of } from './short-crc32.ts'
import { wordAt } from './spent-fingerprint.ts'
import { BATCH_MAX } from './spent-tokens.ts'

/** One spent token as it is written down, in words: its fingerprint and the hash of its request. */
export interface SpentRecord {
  readonly first: number
  readonly second: number
  readonly third: number
  readonly fourth: number
  readonly requestLow: number
  readonly requestHigh: number
}

/** What was committed at once, within the bytes that it was read from. */
export interface SpentFrame {
  readonly bytes: Buffer
  /** Where the first record begins. */
  readonly at: number
  readonly count: number
  /** When it was spent, by the clock of the store. */
  readonly spentMs: number
}

export type FrameRead =
  /** `length` octets; `check` is what the next frame builds on. */
  | {
      readonly kind: 'frame'
      readonly frame: SpentFrame
      readonly length: number
      readonly check: number
    }
  /** The bytes end before the frame does. */
  | { readonly kind: 'short' }
  /** No frame, or not the one that was written here. */
  | { readonly kind: 'bad' }

/**
 * A part of a log begins with this header: what it is, its epoch and its number, and their CRC-32.
 * All numbers are little-endian.
 */
export function encodePartHeader(epoch: number, part: number): Buffer {
  const bytes = Buffer.alloc(PART_HEADER_BYTES)
  bytes.write(PART_MAGIC, 'latin1')
  bytes.writeDoubleLE(epoch, 8)
  bytes.writeUInt32LE(part, 16)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 20)), 20)
  return bytes
}

/** What the first frame builds on. */
export function checkOfHeader(header: Buffer): number {
  return header.readUInt32LE(PART_HEADER_BYTES - 4)
}

/**
 * A frame: the count twice, once inverted, so that damage to it is no short frame; the time; the
 * records; a CRC-32 that goes on from the one before it, so that no frame can be missing in between.
 */
export function encodeFrame(
  records: readonly SpentRecord[],
  spentMs: number,
  checkBefore: number,
): { readonly bytes: Buffer; readonly check: number } {
  const bytes = Buffer.allocUnsafe(frameBytes(records.length))
  bytes.writeUInt16LE(records.length, 0)
  bytes.writeUInt16LE(records.length ^ 0xffff, 2)
  bytes.writeDoubleLE(spentMs, 4)
  let at = FRAME_HEADER_BYTES
  for (const { first, second, third, fourth, requestLow, requestHigh } of records) {
    bytes.writeInt32LE(first, at)
    bytes.writeInt32LE(second, at + 4)
    bytes.writeInt32LE(third, at + 8)
    bytes.writeInt32LE(fourth, at + 12)
    bytes.writeInt32LE(requestLow, at + 16)
    bytes.writeInt32LE(requestHigh, at + 20)
    at += RECORD_BYTES
  }
  const check = crc32(bytes.subarray(0, at), checkBefore)
  bytes.writeUInt32LE(check, at)
  return { bytes, check }
}

/** The frame at `at`, which may end before the bytes do. */
export function readFrame(bytes: Buffer, at: number, checkBefore: number): FrameRead {
  if (bytes.length - at < FRAME_HEADER_BYTES) return SHORT
  const count = bytes.readUInt16LE(at)
  if (count < 1 || count > BATCH_MAX || bytes.readUInt16LE(at + 2) !== (count ^ 0xffff)) return BAD
  const length = frameBytes(count)
  if (bytes.length - at < length) return SHORT
  const end = at + length - CHECK_BYTES
  const check = crc32Of(bytes, { begin: at, end }, checkBefore)
  if (check !== bytes.readUInt32LE(end)) return BAD
  const spentMs = bytes.readDoubleLE(at + 4)
  const frame = { bytes, at: at + FRAME_HEADER_BYTES, count, spentMs }
  return { kind: 'frame', frame, length, check }
}

/** Record `index` of a frame. */
export function recordOf({ bytes, at }: SpentFrame, index: number): SpentRecord {
  const begin = at + index * RECORD_BYTES
  return {
    first: wordAt(bytes, begin),
    second: wordAt(bytes, begin + 4),
    third: wordAt(bytes, begin + 8),
    fourth: wordAt(bytes, begin + 12),
    requestLow: wordAt(bytes, begin + 16),
    requestHigh: wordAt(bytes, begin + 20),
  }
}

/**
 * Whether bytes at the very end of a log can be what a crash left of the frame that was being written:
 * cut short, or with an end that the disk never got. Nothing in it was answered.
 */
export function isTorn(rest: Buffer, read: FrameRead): boolean {
  if (rest.length >= frameBytes(BATCH_MAX) + CHECK_BYTES) return false
  return read.kind === 'short' || rest.subarray(-CHECK_BYTES).every((octet) => octet === 0)
}

function frameBytes(count: number): number {
  return FRAME_HEADER_BYTES + count * RECORD_BYTES + CHECK_BYTES
}

const PART_MAGIC = 'PSTNSPT1'
export const PART_HEADER_BYTES = 24
export const RECORD_BYTES = 24
/** Octets of a frame beside its records. */
export const FRAME_OVERHEAD_BYTES = 16
const FRAME_HEADER_BYTES = 12
const CHECK_BYTES = 4
const SHORT: FrameRead = { kind: 'short' }
const BAD: FrameRead = { kind: 'bad' }
