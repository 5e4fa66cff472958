import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { GatewayError } from '../model/errors.ts'
import type { OpenAttachment } from './attachments/open-attachment.ts'
import type { ForwardEvidence } from './forward-evidence.ts'
import type { OpenReport, OpeningKeySet } from './open-report.ts'
import type { ReadForwardedEvidence } from './read-forwarded.ts'
import type { VerifierAnswer, VerifierTask, VerifierWork } from './verifier-process.ts'

export interface VerifierPoolOptions {
  readonly keys: () => OpeningKeySet
  /** For one batch; then its process is killed. Default: 5 s. */
  readonly deadlineMs?: number
  /** How long a process waits for more to do. Default: 250 ms. */
  readonly idleMs?: number
  /** After which a process takes no more. Default: 5 s. */
  readonly lifeMs?: number
  /** Reports that wait; one more is refused. Default: 1,024. */
  readonly waitingMax?: number
  /** For tests: another program in its place. */
  readonly program?: URL
}

/**
 * Opens what is sealed in a process that lives for a moment. Each throws `verifier-unavailable`, with a
 * reason: `killed` where what was opened took the process with it or was too slow, alone and twice, and
 * nothing of it is kept; `busy` where too many wait.
 */
export interface VerifierPool extends Disposable {
  readonly open: OpenReport
  readonly forward: ForwardEvidence
  readonly read: ReadForwardedEvidence
  /** Alone with the process: large ones would take the time of reports that came with them. */
  readonly attachment: OpenAttachment
}

interface Job {
  readonly task: VerifierTask
  readonly settle: PromiseWithResolvers<VerifierAnswer>
  /** It shares no batch: it shared one when the process died, or is large. */
  isAlone: boolean
  attempts: number
}

interface Running {
  pumping: boolean
  closed: boolean
  child: ChildProcess | undefined
  /** Tells a process that waits that there is more to do. */
  onMore: (() => void) | undefined
}

/**
 * One process at a time takes batches while reports come, for a bounded time, and is killed then.
 * Whoever kills it hurts no other report: those of its batch are opened again, one by one.
 */
export function createVerifierPool(options: VerifierPoolOptions): VerifierPool {
  const { waitingMax = WAITING_MAX } = options
  const waiting: Job[] = []
  const running: Running = { pumping: false, closed: false, child: undefined, onMore: undefined }
  const pump = async () => {
    if (running.pumping) return
    running.pumping = true
    try {
      while (waiting.length > 0 && !running.closed) await runProcess(waiting, running, options)
    } finally {
      running.pumping = false
      if (running.closed) rejectAll(waiting)
    }
  }
  const run = (task: VerifierTask): Promise<VerifierAnswer> => {
    if (running.closed || waiting.length >= waitingMax)
      throw unavailable(running.closed ? 'closed' : 'busy')
    const settle = Promise.withResolvers<VerifierAnswer>()
    waiting.push({ task, settle, isAlone: task.task === 'attachment', attempts: 0 })
    running.onMore?.()
    void pump()
    return settle.promise
  }
  return {
    open: (asked) =>
      run({ task: 'open', asked }).then((it) => (it.task === 'open' ? it.answer : notAnswered())),
    forward: (asked) =>
      run({ task: 'forward', asked }).then((it) =>
        it.task === 'forward' ? it.answer : notAnswered(),
      ),
    read: (asked) =>
      run({ task: 'read', asked }).then((it) => (it.task === 'read' ? it.answer : notAnswered())),
    attachment: (asked) =>
      run({ task: 'attachment', asked }).then((it) =>
        it.task === 'attachment' ? it.answer : notAnswered(),
      ),
    [Symbol.dispose]: () => {
      running.closed = true
      running.child?.kill('SIGKILL')
      rejectAll(waiting)
    },
  }
}

/** The process said something else than what it was asked: nothing that it says counts. */
function notAnswered(): never {
  throw unavailable('killed')
}

function rejectAll(waiting: Job[]): void {
  for (const job of waiting.splice(0)) job.settle.reject(unavailable('closed'))
}

/** One process, from its start to its end. */
async function runProcess(
  waiting: Job[],
  running: Running,
  options: VerifierPoolOptions,
): Promise<void> {
  const { program = PROGRAM, idleMs = IDLE_MS, lifeMs = LIFE_MS } = options
  const child = start(program)
  running.child = child
  const life = AbortSignal.timeout(lifeMs)
  try {
    while (!life.aborted) {
      if (waiting.length === 0 && !(await isMoreToDo(running, child, idleMs))) return
      const batch = nextBatch(waiting)
      if (await runBatch(child, batch, options)) continue
      giveBack(waiting, batch)
      return
    }
  } finally {
    running.child = undefined
    child.kill('SIGKILL')
  }
}

/** False where nothing comes within the time, or the process ends. */
async function isMoreToDo(running: Running, child: ChildProcess, idleMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const onEnd = () => resolve(false)
  const timer = setTimeout(onEnd, idleMs)
  child.once('exit', onEnd)
  running.onMore = () => resolve(true)
  try {
    return await promise
  } finally {
    running.onMore = undefined
    child.off('exit', onEnd)
    clearTimeout(timer)
  }
}

function start(program: URL): ChildProcess {
  const child = fork(program, {
    // It reads code and does no more: no files written, no other process, no environment.
    execArgv: [
      '--permission',
      '--allow-fs-read=*',
      `--max-old-space-size=${HEAP_MEGABYTES_MAX}`,
      '--disable-warning=ExperimentalWarning',
    ],
    env: {},
    stdio: 'ignore',
    serialization: 'advanced',
  })
  // Without a listener a process that cannot start would end ours.
  child.on('error', () => {})
  return child
}

function nextBatch(waiting: Job[]): readonly Job[] {
  const [first] = waiting
  if (first?.isAlone === true) return waiting.splice(0, 1)
  const alone = waiting.findIndex(({ isAlone }) => isAlone)
  return waiting.splice(0, Math.min(alone === -1 ? BATCH_MAX : alone, BATCH_MAX))
}

/** False where the process did not answer in time or died. */
async function runBatch(
  child: ChildProcess,
  batch: readonly Job[],
  { keys, deadlineMs = DEADLINE_MS }: VerifierPoolOptions,
): Promise<boolean> {
  const ended = new AbortController()
  const onEnd = () => ended.abort()
  child.once('exit', onEnd)
  child.once('error', onEnd)
  try {
    const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(deadlineMs)])
    const answer = once(child, 'message', { signal })
    const work: VerifierWork = { keys: keys(), tasks: batch.map(({ task }) => task) }
    child.send(work, () => {})
    const [answers]: readonly (readonly VerifierAnswer[])[] = await answer
    for (const [index, job] of batch.entries()) {
      const result = answers?.[index]
      if (result === undefined) job.settle.reject(unavailable('killed'))
      else job.settle.resolve(result)
    }
    return true
  } catch {
    return false
  } finally {
    child.off('exit', onEnd)
    child.off('error', onEnd)
  }
}

/** Those that shared a batch are tried again alone; what fails alone and twice is refused. */
function giveBack(waiting: Job[], batch: readonly Job[]): void {
  const again = batch.filter((job) => {
    job.attempts += 1
    job.isAlone = true
    if (batch.length > 1 || job.attempts < ATTEMPTS_MAX) return true
    job.settle.reject(unavailable('killed'))
    return false
  })
  waiting.unshift(...again)
}

function unavailable(reason: string): GatewayError {
  return new GatewayError('verifier-unavailable', { facts: { reason }, retryAfterMs: RETRY_MS })
}

const PROGRAM = new URL('./verifier-process.ts', import.meta.url)
const DEADLINE_MS = 5_000
const IDLE_MS = 250
const LIFE_MS = 5_000
const WAITING_MAX = 1_024
const BATCH_MAX = 64
const ATTEMPTS_MAX = 2
const RETRY_MS = 5_000
const HEAP_MEGABYTES_MAX = 256
