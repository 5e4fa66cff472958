import { Transform, type Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { GatewayError, type ErrorCode } from '../model/errors.ts'
import type { StreamedBody } from '../model/handle.ts'
import { isDelimited, type AnswerHeaders, type CallFaults } from './http-call.ts'

/** Bounds of one streamed answer. */
export interface StreamLimits {
  /** Octets of the body. */
  readonly bytesMax: number
  /** From the moment of the call to the head of the answer, waiting for a connection included. */
  readonly headMs: number
  /** From the moment of the call to the last byte, however slowly it is read. */
  readonly deadlineMs: number
}

export interface StreamedGet {
  readonly origin: string
  readonly path: string
  /** Name, value, name, value: nothing else is sent but Host and Connection. */
  readonly headers: string[]
  readonly limits: StreamLimits
  readonly faults: CallFaults
  readonly signal: AbortSignal
}

export interface StreamedAnswer {
  readonly status: number
  readonly headers: AnswerHeaders
  /** Undefined unless the status is 200: no other answer has a body that anybody wants. */
  readonly body: StreamedBody | undefined
}

/**
 * A GET whose body is passed on with backpressure; redirects are not followed and nothing is
 * decompressed. Throws the codes of `faults` and `draining`; after that the stream fails with them,
 * also where the body is cut off or too long.
 */
export async function streamedGet(
  dispatcher: Dispatcher,
  { origin, path, headers, limits, faults, signal }: StreamedGet,
): Promise<StreamedAnswer> {
  const time = limitTime(limits, faults, signal)
  try {
    const request = { origin, path, method: 'GET', headers, signal: time.signal } as const
    const answer = await dispatcher.request(request)
    time.headArrived()
    const { statusCode: status, headers: answered } = answer
    if (status !== 200) {
      discard(answer.body)
      time.end()
      return { status, headers: answered, body: undefined }
    }
    const length = bodyLength(answered, limits.bytesMax)
    if (length === 'refused') {
      discard(answer.body)
      throw new GatewayError(faults.invalid)
    }
    const stream = bounded(answer.body, { limits, faults, done: time.end })
    return { status, headers: answered, body: { length, stream } }
  } catch (error) {
    time.end()
    throw coded(error, codeOf(error, faults))
  }
}

/** Octets of a body that may pass; undefined where only its end will tell. */
function bodyLength(headers: AnswerHeaders, bytesMax: number): number | undefined | 'refused' {
  const { 'content-length': length, 'content-encoding': encoding } = headers
  if (!isDelimited(200, headers)) return 'refused'
  // Nobody could decode it: the encoding is not passed on.
  if (encoding !== undefined && encoding !== 'identity') return 'refused'
  if (length === undefined) return undefined
  return typeof length === 'string' && Number(length) <= bytesMax ? Number(length) : 'refused'
}

interface Bounds {
  readonly limits: StreamLimits
  readonly faults: CallFaults
  readonly done: () => void
}

function bounded(body: Readable, { limits, faults, done }: Bounds): Readable {
  let received = 0
  const counted = new Transform({
    transform: (chunk: Buffer, _encoding, next) => {
      received += chunk.length
      if (received > limits.bytesMax) next(new GatewayError(faults.invalid))
      else next(null, chunk)
    },
  })
  counted.once('close', () => {
    body.destroy()
    done()
  })
  body.on('error', (cause) => counted.destroy(coded(cause, faults.invalid)))
  body.once('close', () => {
    if (!body.readableEnded) counted.destroy(new GatewayError(faults.invalid))
  })
  body.pipe(counted)
  return counted
}

/** Closes the connection rather than read what may never end. */
function discard(body: Readable): void {
  body.on('error', () => {})
  body.destroy()
}

interface TimeLimit {
  readonly signal: AbortSignal
  readonly headArrived: () => void
  readonly end: () => void
}

/** INVARIANT: after `end` no timer and no listener is left. */
function limitTime(limits: StreamLimits, faults: CallFaults, outer: AbortSignal): TimeLimit {
  const aborter = new AbortController()
  const giveUp = () => aborter.abort(new GatewayError(faults.timeout))
  const drain = () => aborter.abort(new GatewayError('draining'))
  const headTimer = setTimeout(giveUp, limits.headMs)
  const timer = setTimeout(giveUp, limits.deadlineMs)
  if (outer.aborted) drain()
  else outer.addEventListener('abort', drain, { once: true })
  return {
    signal: aborter.signal,
    headArrived: () => clearTimeout(headTimer),
    end: () => {
      clearTimeout(headTimer)
      clearTimeout(timer)
      outer.removeEventListener('abort', drain)
    },
  }
}

function coded(error: unknown, code: ErrorCode): GatewayError {
  return error instanceof GatewayError ? error : new GatewayError(code, { cause: error })
}

function codeOf(error: unknown, faults: CallFaults): ErrorCode {
  if (!(error instanceof Error)) return 'internal'
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (code === NEVER_SENT) return 'internal'
  return UNREADABLE.has(code) || error.name === 'HTTPParserError'
    ? faults.invalid
    : faults.unreachable
}

const NEVER_SENT = 'UND_ERR_INVALID_ARG'
const UNREADABLE: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
])
