import type { MimiUri } from '../model/ids.ts'

/**
 * Runs what the hub does by itself in one room one after the other; rooms do not wait for each other.
 * Remembers what a room's epoch does not take, so that it is not tried again in it.
 */
export class SanctionTurns implements AsyncDisposable {
  private readonly last = new Map<string, Promise<unknown>>()
  private readonly onFault: (fault: unknown) => void
  /** Epoch by what was refused. */
  private readonly refusals = new Map<string, bigint>()
  private afterCommit: AfterCommit = () => {}
  private readonly closing = new AbortController()

  constructor(onFault: (fault: unknown) => void) {
    this.onFault = onFault
  }

  /** Aborts when nothing more is to be done. */
  get signal(): AbortSignal {
    return this.closing.signal
  }

  /** Resolves or rejects as `work` does. */
  async run<T>(room: string, work: () => Promise<T>): Promise<T> {
    const before = this.last.get(room)
    const turn = (async () => {
      await before?.catch(() => {})
      return work()
    })()
    this.last.set(room, turn)
    try {
      return await turn
    } finally {
      if (this.last.get(room) === turn) this.last.delete(room)
    }
  }

  /** The same for work that nobody waits for. */
  start(room: string, work: () => Promise<void>): void {
    if (this.signal.aborted) return
    this.run(room, work).catch(this.onFault)
  }

  /** What is to be done whenever a commit was accepted. */
  onCommit(run: AfterCommit): void {
    this.afterCommit = run
  }

  /** A commit was accepted that took up the waiting proposals with these references. */
  committed(room: MimiUri, references: readonly Buffer[]): void {
    this.afterCommit(room, references)
  }

  /** `what`: the id of a sanction, or another name that is of one room. */
  isRefused(what: string, epoch: bigint): boolean {
    return this.refusals.get(what) === epoch
  }

  refused(what: string, epoch: bigint): void {
    if (this.refusals.size >= REFUSALS_MAX) this.refusals.clear()
    this.refusals.set(what, epoch)
  }

  /** Takes nothing more from `start`; resolves when all turns have ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.closing.abort()
    while (this.last.size > 0) await Promise.allSettled(this.last.values())
  }
}

type AfterCommit = (room: MimiUri, references: readonly Buffer[]) => void

const REFUSALS_MAX = 10_000
