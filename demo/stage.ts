import { ClientError } from '../src/client/errors.ts'
import { noticeOf, operationOf } from './crossed.ts'
import type { Printer } from './print.ts'
import type { Crossing, Recording } from './recording.ts'

/** One step of the story as it went. */
export interface StepResult {
  readonly step: number
  readonly title: string
  readonly ok: boolean
  readonly durationMs: number
  /** What happened, for people. */
  readonly notes: readonly string[]
  /** What crossed between providers meanwhile. */
  readonly crossings: readonly CrossedLine[]
  /** Why it failed; absent where it did not. */
  readonly error?: string
}

/** Exchanges of one kind within a step; octets are of all of them together. */
export interface CrossedLine {
  readonly from: string
  readonly to: string
  readonly operation: string
  readonly requestBytes: number
  readonly status: number
  readonly answerBytes: number
  readonly times: number
}

export type Note = (text: string) => void

/** Runs the steps one after the other and shows each as it happens. */
export class Stage {
  readonly steps: StepResult[] = []
  private readonly printer: Printer
  private readonly signal: AbortSignal
  private recording: Recording | undefined
  private shown = 0

  constructor(printer: Printer, signal: AbortSignal) {
    this.printer = printer
    this.signal = signal
  }

  /** From here on steps tell what crossed. */
  watch(recording: Recording): void {
    this.recording = recording
  }

  /** Throws what the step throws, after it was recorded as failed. */
  async step<T>(title: string, run: (note: Note) => Promise<T>): Promise<T> {
    this.signal.throwIfAborted()
    const notes: string[] = []
    const step = this.steps.length + 1
    this.printer.stepBegins(step, title)
    const startedAtMs = performance.now()
    const end = (error?: string) => {
      const result: StepResult = {
        step,
        title,
        ok: error === undefined,
        durationMs: Math.round(performance.now() - startedAtMs),
        notes,
        crossings: this.newCrossings(),
        ...(error === undefined ? {} : { error }),
      }
      this.steps.push(result)
      if (!this.signal.aborted) this.printer.stepEnds(result)
    }
    try {
      const value = await run((text) => void notes.push(text))
      await this.recording?.settled()
      end()
      return value
    } catch (error) {
      end(reasonOf(error))
      throw error
    }
  }

  private newCrossings(): CrossedLine[] {
    const fresh = this.recording?.crossings.slice(this.shown) ?? []
    this.shown += fresh.length
    return byKind(fresh)
  }
}

/**
 * Exchanges of a kind become one line, where the first of them was. Directories are fetched once per
 * peer and say nothing about anybody: they are left out.
 */
function byKind(crossings: readonly Crossing[]): CrossedLine[] {
  const lines: CrossedLine[] = []
  for (const crossing of crossings) {
    const operation = operationOf(crossing) ?? noticeOf(crossing)?.type
    if (operation === undefined) continue
    const { from, to, body, answer } = crossing
    const sizes = { requestBytes: body.length, answerBytes: answer?.body.length ?? 0 }
    const line = { from, to, operation, status: answer?.status ?? 0, times: 1, ...sizes }
    const at = lines.findIndex((other) => isSame(other, line))
    const before = lines[at]
    if (before === undefined) lines.push(line)
    else lines[at] = added(before, line)
  }
  return lines
}

function reasonOf(error: unknown): string {
  if (error instanceof ClientError && error.status !== undefined)
    return `${error.code}: ${error.status} ${error.problem ?? ''}`.trimEnd()
  return error instanceof Error ? error.message : 'failed'
}

function isSame(one: CrossedLine, other: CrossedLine): boolean {
  return (['from', 'to', 'operation', 'status'] as const).every((name) => one[name] === other[name])
}

function added(one: CrossedLine, other: CrossedLine): CrossedLine {
  return {
    ...one,
    requestBytes: one.requestBytes + other.requestBytes,
    answerBytes: one.answerBytes + other.answerBytes,
    times: one.times + other.times,
  }
}
