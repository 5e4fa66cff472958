import type { FileHandle } from 'node:fs/promises'
import { checkOfHeader, encodePartHeader, PART_HEADER_BYTES } from './spent-frame.ts'
import { partPath, syncDirectory, writeAt, type SpentFiles } from './spent-files.ts'
import {
  PARTS_MAX,
  writeManifest,
  type EpochEntry,
  type Manifest,
  type PartEntry,
  type Sealed,
} from './spent-manifest.ts'
import type { Ownership } from './spent-owner.ts'
import { asUnavailable, spentUnavailable } from './spent-tokens.ts'

/** A part of a log that is written to: what is durable of it ends at `length`. */
export interface OpenPart {
  readonly part: number
  readonly file: FileHandle
  length: number
  check: number
}

export interface LedgerOptions {
  readonly files: SpentFiles
  readonly directory: string
  readonly ownership: Ownership
}

/** The manifest and its changes, one after the other. */
export class SpentLedger {
  private readonly options: LedgerOptions
  private current: Manifest
  private last: Promise<unknown> = Promise.resolve()
  /** Numbers are not used twice, not even after a fault. */
  private readonly newestParts = new Map<number, number>()

  constructor(options: LedgerOptions, manifest: Manifest) {
    this.options = options
    this.current = manifest
  }

  get manifest(): Manifest {
    return this.current
  }

  entryOf(epoch: number): EpochEntry | undefined {
    return this.current.epochs.find((entry) => entry.epoch === epoch)
  }

  /** Durable when it resolves. Throws `store-unavailable`: then either the old or the new one is there. */
  change(edit: (manifest: Manifest) => Manifest): Promise<void> {
    const done = this.last.then(() => this.write(edit))
    this.last = done.catch(() => {})
    return done
  }

  /**
   * Begins a new file of an epoch's log and seals the one before it. The file is there before the
   * manifest names it, so a file that is named and missing was lost. Throws `store-unavailable`.
   */
  async openPart(epoch: number, before: OpenPart | undefined): Promise<OpenPart> {
    const part = this.nextPart(epoch)
    const opened = await this.create(epoch, part)
    try {
      await this.changeParts(epoch, (parts) => [
        ...sealed(parts, before),
        { part, sealed: undefined },
      ])
      return opened
    } catch (error) {
      await opened.file.close().catch(() => {})
      throw error
    }
  }

  /** Notes where a file ends that nothing is written to any more. Throws `store-unavailable`. */
  async seal(epoch: number, part: OpenPart): Promise<void> {
    await this.changeParts(epoch, (parts) => sealed(parts, part))
  }

  private changeParts(
    epoch: number,
    edit: (parts: readonly PartEntry[]) => readonly PartEntry[],
  ): Promise<void> {
    return this.change((manifest) => ({
      ...manifest,
      epochs: manifest.epochs.map((entry) =>
        entry.epoch === epoch && entry.kind === 'open'
          ? { ...entry, parts: edit(entry.parts) }
          : entry,
      ),
    }))
  }

  private async write(edit: (manifest: Manifest) => Manifest): Promise<void> {
    const { files, directory, ownership } = this.options
    const next = edit(this.current)
    try {
      await ownership.check()
      await writeManifest(files, directory, next)
      await ownership.check()
    } catch (cause) {
      throw asUnavailable('manifest', cause)
    }
    this.current = next
  }

  private nextPart(epoch: number): number {
    const entry = this.entryOf(epoch)
    const known = entry?.kind === 'open' ? entry.parts.map(({ part }) => part) : []
    if (known.length >= PARTS_MAX) throw spentUnavailable('too-many-parts')
    const part = 1 + Math.max(0, this.newestParts.get(epoch) ?? 0, ...known)
    this.newestParts.set(epoch, part)
    return part
  }

  private async create(epoch: number, part: number): Promise<OpenPart> {
    const { files, directory } = this.options
    const header = encodePartHeader(epoch, part)
    let file: FileHandle | undefined
    try {
      file = await files.open(partPath(directory, { epoch, part }), 'wx', 0o600)
      await writeAt(file, header, 0)
      await file.sync()
      await syncDirectory(files, directory)
      return { part, file, length: PART_HEADER_BYTES, check: checkOfHeader(header) }
    } catch (cause) {
      await file?.close().catch(() => {})
      throw spentUnavailable('disk', cause)
    }
  }
}

function sealed(parts: readonly PartEntry[], ended: OpenPart | undefined): readonly PartEntry[] {
  if (ended === undefined) return parts
  const { part, length, check } = ended
  const seal: Sealed = { length, check }
  return parts.map((entry) => (entry.part === part ? { part, sealed: seal } : entry))
}
