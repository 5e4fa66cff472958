import { partNames, partPath, type PartName, type SpentFiles } from './spent-files.ts'
import { PART_HEADER_BYTES } from './spent-frame.ts'
import { loadEpoch, type LoadedEpoch } from './spent-load.ts'
import {
  readManifest,
  type ClosedThrough,
  type EpochEntry,
  type Manifest,
} from './spent-manifest.ts'
import type { ClosedReason } from './spent-tokens.ts'

export interface RecoverOptions {
  readonly files: SpentFiles
  /** Of one shard. */
  readonly directory: string
  /** Whether it has been used: then something must be there. */
  readonly isUsed: boolean
  readonly closed: ClosedThrough | undefined
  /** The newest epoch of which a token may have been spent by now. */
  readonly newestEpoch: number
  readonly nowMs: number
}

export interface Recovered {
  /** Not yet written down. */
  readonly manifest: Manifest
  readonly loaded: ReadonlyMap<number, LoadedEpoch>
}

/**
 * What is known of a store after a start: the epochs whose records are complete, and as closed the ones
 * whose records are not. Throws where something is there and cannot be read.
 */
export async function recover(options: RecoverOptions): Promise<Recovered> {
  const names = await partNames(options.files, options.directory)
  const known = closeThrough(await knownManifest(options, names), options.closed)
  const strays = await sweep(options, known, names)
  const loaded = new Map<number, LoadedEpoch>()
  const epochs: EpochEntry[] = []
  for (const entry of known.epochs) {
    if (entry.kind === 'closed') {
      epochs.push(entry)
      continue
    }
    const { epoch } = entry
    const result = strays.has(epoch) ? DAMAGED : await loadEpoch(entry, options)
    if (result.kind === 'loaded') loaded.set(epoch, result)
    epochs.push(
      result.kind === 'loaded'
        ? { ...entry, parts: result.parts }
        : closedEntry(epoch, result.reason),
    )
  }
  for (const epoch of strays)
    if (!epochs.some((entry) => entry.epoch === epoch)) epochs.push(closedEntry(epoch, 'damaged'))
  return { manifest: { ...known, epochs }, loaded }
}

async function knownManifest(
  { files, directory, isUsed, newestEpoch }: RecoverOptions,
  names: readonly PartName[],
): Promise<Manifest> {
  const read = await readManifest(files, directory)
  if (read.kind === 'read') return read.value
  if (read.kind === 'absent' && !isUsed && names.length === 0) return EMPTY
  // Whatever had begun by now, or by a clock that is ahead of ours.
  const epoch = Math.max(newestEpoch, ...names.map((name) => name.epoch))
  return closeThrough(EMPTY, { epoch, reason: read.kind === 'damaged' ? 'damaged' : 'missing' })
}

function closeThrough(manifest: Manifest, closed: ClosedThrough | undefined): Manifest {
  if (closed === undefined || closed.epoch < manifest.floor) return manifest
  const later = manifest.epochs.filter(({ epoch }) => epoch > closed.epoch)
  const known = manifest.epochs.find(({ epoch }) => epoch === closed.epoch)
  const last = known?.kind === 'closed' ? known : closedEntry(closed.epoch, closed.reason)
  return { floor: closed.epoch, epochs: [last, ...later] }
}

/**
 * Removes files that no longer count, and those that were begun and never named. One that was written to
 * without being named means that the manifest is older than the log: resolves to the epochs of such.
 */
async function sweep(
  { files, directory }: RecoverOptions,
  { floor, epochs }: Manifest,
  names: readonly PartName[],
): Promise<ReadonlySet<number>> {
  const strays = new Set<number>()
  for (const name of names) {
    const entry = epochs.find(({ epoch }) => epoch === name.epoch)
    if (entry?.kind === 'closed') continue
    if (entry?.parts.some(({ part }) => part === name.part) === true) continue
    const path = partPath(directory, name)
    if (name.epoch < floor || (await sizeOf(files, path)) <= PART_HEADER_BYTES)
      await files.unlink(path)
    else strays.add(name.epoch)
  }
  return strays
}

async function sizeOf(files: SpentFiles, path: string): Promise<number> {
  await using file = await files.open(path, 'r')
  return (await file.stat()).size
}

function closedEntry(epoch: number, reason: ClosedReason): EpochEntry {
  return { kind: 'closed', epoch, reason }
}

const EMPTY: Manifest = { floor: 0, epochs: [] }
const DAMAGED = { kind: 'lost', reason: 'damaged' } as const
