import { requestIds } from '../listener/request-id.ts'
import type { Clock, Randomness } from '../model/clock.ts'
import { GatewayError, type ErrorCode } from '../model/errors.ts'
import type { RequestContext, StreamedBody } from '../model/handle.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { attachmentBytesMax } from '../reports/attachments/open-attachment.ts'
import type { FetchAttachment } from '../reports/cases/case-attachments.ts'

export interface AttachmentSourceOptions {
  readonly pipeline: Pick<Pipeline, 'handleLocal'>
  readonly clock: Clock
  readonly randomness: Randomness
  /** Until the last octet. Default: 15 s, within what whoever waits at the control socket waits. */
  readonly deadlineMs?: number
}

/**
 * Fetches attachments as the hub does for a client of its own, under the same policies and limits and in the
 * same books: their host learns that we fetch, and nothing of who wants it, nor of a report.
 */
export function createAttachmentSource({
  pipeline,
  clock,
  randomness,
  deadlineMs = DEADLINE_MS,
}: AttachmentSourceOptions): FetchAttachment {
  const nextId = requestIds(randomness)
  return async (url) => {
    const signal = AbortSignal.timeout(deadlineMs)
    const context: RequestContext = {
      requestId: nextId(),
      receivedAtMs: clock(),
      suite: undefined,
      agreement: undefined,
      signal,
    }
    try {
      const request = { operation: 'proxyDownload', target: url, bytes: NOTHING } as const
      const { body } = await pipeline.handleLocal(request, context)
      if (body === undefined) throw new GatewayError('not-admitted')
      return await octetsOf(body)
    } catch (error) {
      const reason = signal.aborted ? 'too-slow' : reasonOf(error)
      // What can be tried again, or is no fault of a host.
      if (reason === undefined) throw error
      throw unavailable(reason)
    }
  }
}

/** Throws `attachment-unavailable` beyond the bound, at once where the host says it beforehand. */
async function octetsOf({ length = 0, stream }: StreamedBody): Promise<Buffer> {
  try {
    if (length > attachmentBytesMax) throw unavailable('too-large')
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of stream) {
      const octets: Buffer = chunk
      bytes += octets.length
      if (bytes > attachmentBytesMax) throw unavailable('too-large')
      chunks.push(octets)
    }
    return Buffer.concat(chunks)
  } finally {
    stream.destroy()
  }
}

function reasonOf(error: unknown): string | undefined {
  return error instanceof GatewayError ? REASONS[error.code] : undefined
}

function unavailable(reason: string): GatewayError {
  return new GatewayError('attachment-unavailable', { facts: { reason } })
}

const REASONS: Readonly<Partial<Record<ErrorCode, string>>> = {
  'invalid-uri': 'no-such-url',
  'asset-not-allowed': 'host-not-known',
  'peer-unknown': 'host-not-known',
  'peer-denied': 'host-not-known',
  'not-admitted': 'policies',
  'disclosure-refused': 'policies',
  'not-found': 'gone',
  'peer-unreachable': 'unreachable',
  'peer-timeout': 'too-slow',
  'peer-invalid': 'no-valid-answer',
}
const NOTHING = Buffer.alloc(0)
const DEADLINE_MS = 15_000
