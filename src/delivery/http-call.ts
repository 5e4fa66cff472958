import type { Dispatcher } from 'undici'
import { GatewayError, type ErrorCode } from '../model/errors.ts'

/** Which codes a failed call has: ours differ for peers and for the delivery service. */
export interface CallFaults {
  readonly unreachable: ErrorCode
  readonly timeout: ErrorCode
  readonly invalid: ErrorCode
}

export interface HttpCall {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Name, value, name, value: nothing else is sent but Content-Length and Connection. */
  readonly headers: string[]
  readonly bytes: Buffer | undefined
  /** From the moment of the call to the last byte of the answer, waiting for a connection included. */
  readonly deadlineMs: number
  readonly answerBytesMax: number
  readonly faults: CallFaults
  readonly signal: AbortSignal | undefined
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: AnswerHeaders
  readonly bytes: Buffer
}

export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>

/**
 * One exchange over a pool, with a bounded and buffered answer; redirects are not followed. Throws the
 * codes of `faults` (a cut answer is `invalid`, never a partial success) and `draining` on abort.
 */
export function httpCall(dispatcher: Dispatcher, call: HttpCall): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const answer = new BufferedAnswer(call, { resolve, reject })
    if (!answer.start()) return
    const { path, method, headers, bytes } = call
    try {
      dispatcher.dispatch({ path, method, headers, body: bytes ?? null }, answer)
    } catch (cause) {
      answer.fail('internal', cause)
    }
  })
}

interface Settle {
  readonly resolve: (answer: HttpAnswer) => void
  readonly reject: (error: GatewayError) => void
}

/** INVARIANT: settles exactly once, and then holds no timer and no listener. */
class BufferedAnswer implements Dispatcher.DispatchHandler {
  private readonly call: HttpCall
  private readonly settle: Settle
  private controller: Dispatcher.DispatchController | undefined
  private settled = false
  private timer: NodeJS.Timeout | undefined
  private watched: Set<BufferedAnswer> | undefined
  private status = 0
  private headers: AnswerHeaders = {}
  private first: Buffer | undefined
  private rest: Buffer[] | undefined
  private received = 0

  constructor(call: HttpCall, settle: Settle) {
    this.call = call
    this.settle = settle
  }

  /** False where the signal was aborted before. */
  start(): boolean {
    const { signal, deadlineMs } = this.call
    if (signal?.aborted === true) {
      this.fail('draining')
      return false
    }
    if (signal !== undefined) this.watched = watch(signal, this)
    this.timer = setTimeout(this.onDeadline, deadlineMs)
    return true
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller
    if (this.settled) controller.abort(new Error('settled'))
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: AnswerHeaders,
  ): void {
    if (status < 200) return
    this.status = status
    this.headers = headers
    if (isDelimited(status, headers)) return
    // An answer that ends where its connection ends cannot be told from one that was cut off.
    this.fail(this.call.faults.invalid)
    controller.abort(new Error('undelimited'))
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.received += chunk.length
    if (this.received > this.call.answerBytesMax) {
      this.fail(this.call.faults.invalid)
      controller.abort(new Error('oversize'))
    } else if (this.first === undefined) this.first = chunk
    else (this.rest ??= [this.first]).push(chunk)
  }

  onResponseEnd(): void {
    if (this.settled) return
    this.finish()
    const bytes =
      this.rest === undefined ? (this.first ?? EMPTY) : Buffer.concat(this.rest, this.received)
    this.settle.resolve({ status: this.status, headers: this.headers, bytes })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const { unreachable, invalid } = this.call.faults
    const code = codeOf(error)
    const answered = this.status !== 0 || UNPARSABLE.has(code)
    this.fail(code === NEVER_SENT ? 'internal' : answered ? invalid : unreachable, error)
  }

  fail(code: ErrorCode, cause?: unknown): void {
    if (this.settled) return
    this.finish()
    this.settle.reject(new GatewayError(code, { cause }))
  }

  private finish(): void {
    this.settled = true
    clearTimeout(this.timer)
    this.watched?.delete(this)
  }

  private readonly onDeadline = (): void => {
    this.fail(this.call.faults.timeout)
    this.controller?.abort(new Error('deadline'))
  }

  abort(): void {
    this.fail('draining')
    this.controller?.abort(new Error('draining'))
  }
}

/** One listener per signal, however many calls share it: a listener per call costs more than its call's parsing. */
function watch(signal: AbortSignal, answer: BufferedAnswer): Set<BufferedAnswer> {
  const known = watchedBy.get(signal)
  if (known !== undefined) return known.add(answer)
  const answers = new Set([answer])
  watchedBy.set(signal, answers)
  const abortAll = () => {
    for (const each of answers) each.abort()
  }
  signal.addEventListener('abort', abortAll, { once: true })
  return answers
}

const watchedBy = new WeakMap<AbortSignal, Set<BufferedAnswer>>()

/** Whether the end of an answer's body can be told from a cut. `RFC 9112 §6.3` */
export function isDelimited(status: number, headers: AnswerHeaders): boolean {
  return (
    status === 204 ||
    status === 304 ||
    headers['content-length'] !== undefined ||
    headers['transfer-encoding'] !== undefined
  )
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}

const NEVER_SENT = 'UND_ERR_INVALID_ARG'
const EMPTY = Buffer.alloc(0)
const UNPARSABLE: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_RES_EXCEEDED_MAX_SIZE',
])
