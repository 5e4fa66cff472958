import type { Clock } from '../model/clock.ts'
import type { GatewayError } from '../model/errors.ts'
import { encodeFrame, type SpentRecord } from './spent-frame.ts'
import { writeAt } from './spent-files.ts'
import type { OpenPart, SpentLedger } from './spent-ledger.ts'
import type { Ownership } from './spent-owner.ts'
import { asUnavailable } from './spent-tokens.ts'

export interface SpentLogOptions {
  readonly epoch: number
  readonly ledger: SpentLedger
  readonly ownership: Ownership
  readonly clock: Clock
}

/**
 * The log of one epoch, written one frame at a time. A file that failed once is never written to again:
 * what the system makes of pages that it could not write is not known. The next frame begins a new one.
 */
export class SpentLog {
  private readonly options: SpentLogOptions
  private part: OpenPart | undefined
  private failed: OpenPart | undefined
  private fault: { readonly error: GatewayError; readonly sinceMs: number } | undefined

  constructor(options: SpentLogOptions) {
    this.options = options
  }

  /** Resolves to the time that was written down, when all is on the disk. Throws `store-unavailable`. */
  async append(records: readonly SpentRecord[]): Promise<number> {
    const nowMs = this.options.clock()
    if (this.fault !== undefined && Math.abs(nowMs - this.fault.sinceMs) < PAUSE_MS)
      throw this.fault.error
    try {
      this.part ??= await this.begin()
      await this.write(this.part, records, nowMs)
      this.fault = undefined
      return nowMs
    } catch (cause) {
      const error = asUnavailable('disk', cause)
      this.fault = { error, sinceMs: nowMs }
      await this.giveUp()
      throw error
    }
  }

  /** Notes where the file ends, so that even its last octet is missed where it is lost. Nothing may be under way. */
  async seal(): Promise<void> {
    const { part } = this
    try {
      if (part !== undefined) await this.options.ledger.seal(this.options.epoch, part)
    } finally {
      await this.discard()
    }
  }

  /** Closes the file. Nothing may be under way. */
  async discard(): Promise<void> {
    const { part } = this
    this.part = undefined
    await part?.file.close()
  }

  private async begin(): Promise<OpenPart> {
    const part = await this.options.ledger.openPart(this.options.epoch, this.failed)
    this.failed = undefined
    return part
  }

  private async write(
    part: OpenPart,
    records: readonly SpentRecord[],
    nowMs: number,
  ): Promise<void> {
    const { bytes, check } = encodeFrame(records, nowMs, part.check)
    await writeAt(part.file, bytes, part.length)
    await part.file.datasync()
    // INVARIANT: after the write. Whoever takes over reads the log after it has left its mark.
    await this.options.ownership.check()
    part.length += bytes.length
    part.check = check
  }

  private async giveUp(): Promise<void> {
    if (this.part === undefined) return
    this.failed = this.part
    this.part = undefined
    await this.failed.file.close().catch(() => {})
  }
}

/** How long a disk that failed is left alone. */
const PAUSE_MS = 1_000
