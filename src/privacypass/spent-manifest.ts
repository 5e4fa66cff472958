import { join } from 'node:path'
import {
  encode,
  enumeration,
  fixed,
  optional,
  struct,
  uint32,
  variant,
  vector,
} from '../wire/codec.ts'
import { readChecked, writeChecked, type CheckedRead } from './spent-checked-file.ts'
import { seconds } from './seconds.ts'
import { FINGERPRINT_KEY_BYTES } from './spent-fingerprint.ts'
import type { SpentFiles } from './spent-files.ts'
import { EPOCHS_MAX, type ClosedReason } from './spent-tokens.ts'

/** Where a part of a log ends and the check of its last frame; undefined as long as it is written. */
export interface Sealed {
  readonly length: number
  readonly check: number
}

export interface PartEntry {
  readonly part: number
  readonly sealed: Sealed | undefined
}

export type EpochEntry =
  | {
      readonly kind: 'open'
      readonly epoch: number
      /** What its fingerprints are made with. */
      readonly key: Buffer
      readonly parts: readonly PartEntry[]
    }
  | { readonly kind: 'closed'; readonly epoch: number; readonly reason: ClosedReason }

/** What the store must remember beside its logs: a log that is missing is missed because of it. */
export interface Manifest {
  /** Epochs before this one are closed. */
  readonly floor: number
  readonly epochs: readonly EpochEntry[]
}

/** That every epoch up to this one is closed. */
export interface ClosedThrough {
  readonly epoch: number
  readonly reason: ClosedReason
}

/** Throws where the file is there and cannot be read. */
export function readManifest(files: SpentFiles, directory: string): Promise<CheckedRead<Manifest>> {
  return readChecked(files, join(directory, MANIFEST), manifestCodec)
}

/** Durable when it resolves; until then the older one stays whole. */
export function writeManifest(
  files: SpentFiles,
  directory: string,
  manifest: Manifest,
): Promise<void> {
  const path = join(directory, MANIFEST)
  return writeChecked(files, { path, unfinished: `${path}.new` }, encode(manifestCodec, manifest))
}

/** How many files one epoch may take: one per start, and one per fault of the disk. */
export const PARTS_MAX = 1_024
const MANIFEST = 'spent-manifest'
const sealedCodec = struct({ length: uint32, check: uint32 })
const partCodec = struct({ part: uint32, sealed: optional(sealedCodec) })
export const reasonCodec = enumeration({ missing: 1, damaged: 2, resharded: 3, 'failed-over': 4 })
const epochCodec = variant(
  ['kind', enumeration({ open: 1, closed: 2 })],
  {
    open: {
      key: fixed(FINGERPRINT_KEY_BYTES),
      parts: vector(partCodec, { countMax: PARTS_MAX }),
    },
    closed: { reason: reasonCodec },
  },
  { before: { epoch: seconds } },
)
const manifestCodec = struct({
  floor: seconds,
  epochs: vector(epochCodec, { countMax: EPOCHS_MAX }),
})
