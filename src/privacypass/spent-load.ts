import type { FileHandle } from 'node:fs/promises'
import {
  checkOfHeader,
  encodePartHeader,
  FRAME_OVERHEAD_BYTES,
  isTorn,
  PART_HEADER_BYTES,
  readFrame,
  RECORD_BYTES,
  recordOf,
  type SpentFrame,
} from './spent-frame.ts'
import { isAbsent, partPath, readAt, type SpentFiles } from './spent-files.ts'
import type { EpochEntry, PartEntry, Sealed } from './spent-manifest.ts'
import { RecentRequests } from './spent-recent.ts'
import { FingerprintSet } from './spent-set.ts'
import { isRecent, type ClosedReason } from './spent-tokens.ts'

export interface LoadedEpoch {
  readonly spent: FingerprintSet
  readonly recent: RecentRequests
  /** All sealed: where each one ends is known now. */
  readonly parts: readonly PartEntry[]
}

export type LoadResult =
  | ({ readonly kind: 'loaded' } & LoadedEpoch)
  | { readonly kind: 'lost'; readonly reason: ClosedReason }

export interface LoadOptions {
  readonly files: SpentFiles
  readonly directory: string
  readonly nowMs: number
}

/**
 * Reads back what was spent in an epoch. What a crash left unfinished at the end of a file was never
 * answered and is left out; anything else that is not as it was written loses the epoch. Throws where a
 * file is there and cannot be read.
 */
export async function loadEpoch(entry: OpenEpochEntry, options: LoadOptions): Promise<LoadResult> {
  try {
    return await load(entry, options)
  } catch (error) {
    if (isAbsent(error)) return { kind: 'lost', reason: 'missing' }
    throw error
  }
}

type OpenEpochEntry = Extract<EpochEntry, { kind: 'open' }>

async function load({ epoch, parts }: OpenEpochEntry, options: LoadOptions): Promise<LoadResult> {
  const spent = new FingerprintSet(await recordsAtLeast(epoch, parts, options))
  const recent = new RecentRequests()
  const take = (frame: SpentFrame): void => {
    const isNew = isRecent(frame.spentMs, options.nowMs)
    for (let index = 0; index < frame.count; index += 1) {
      // Without an object for each of millions.
      const at = frame.at + index * RECORD_BYTES
      spent.add(frame.bytes.readInt32LE(at), frame.bytes.readInt32LE(at + 4))
      if (isNew) recent.add(recordOf(frame, index), frame.spentMs)
    }
  }
  const ends: PartEntry[] = []
  for (const { part, sealed } of parts) {
    await using file = await options.files.open(partPath(options.directory, { epoch, part }), 'r')
    const header = encodePartHeader(epoch, part)
    const end = await readPart(file, { header, sealed }, take)
    if (end === undefined) return { kind: 'lost', reason: 'damaged' }
    ends.push({ part, sealed: end })
  }
  return { kind: 'loaded', spent, recent, parts: ends }
}

/** From the sizes of the files, as if each record had a frame of its own. */
async function recordsAtLeast(
  epoch: number,
  parts: readonly PartEntry[],
  { files, directory }: LoadOptions,
): Promise<number> {
  let octets = 0
  for (const { part } of parts) {
    await using file = await files.open(partPath(directory, { epoch, part }), 'r')
    octets += (await file.stat()).size
  }
  return octets / (RECORD_BYTES + FRAME_OVERHEAD_BYTES)
}

interface ExpectedPart {
  readonly header: Buffer
  readonly sealed: Sealed | undefined
}

/** Where the file really ends; undefined: it is not what was written. */
async function readPart(
  file: FileHandle,
  { header, sealed }: ExpectedPart,
  take: (frame: SpentFrame) => void,
): Promise<Sealed | undefined> {
  const end = sealed?.length ?? (await file.stat()).size
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  const begin = await readAt(file, chunk.subarray(0, PART_HEADER_BYTES), 0)
  if (!begin.equals(header)) return undefined
  let length = PART_HEADER_BYTES
  let check = checkOfHeader(header)
  while (length < end) {
    const bytes = await readAt(file, chunk.subarray(0, Math.min(CHUNK_BYTES, end - length)), length)
    let at = 0
    let read = readFrame(bytes, at, check)
    for (; read.kind === 'frame'; read = readFrame(bytes, at, check)) {
      take(read.frame)
      at += read.length
      check = read.check
    }
    length += at
    // A frame that did not fit begins the next chunk; one that begins a chunk and is none ends it all.
    if (at > 0) continue
    if (sealed !== undefined || !isTorn(bytes, read)) return undefined
    break
  }
  if (sealed !== undefined && check !== sealed.check) return undefined
  return { length, check }
}

/** More than any frame has; some ten milliseconds' work. */
const CHUNK_BYTES = 1_048_576
