import { createHash } from 'node:crypto'
import { GatewayError } from '../model/errors.ts'
import type { ListenerResponse } from '../model/handle.ts'

/** An answer that was given to a request id, and a digest of the request that it answered. */
export interface StoredAnswer {
  readonly digest: Buffer
  readonly answer: ListenerResponse
}

/** Where answers are kept for 24 hours, bounded, across restarts. `delivery/answer-store.ts` is one. */
export interface AnswerStore {
  find(requestId: string): StoredAnswer | undefined
  /** Resolves when it is durable. */
  put(requestId: string, stored: StoredAnswer): Promise<void>
}

export interface Replayable {
  readonly requestId: string
  readonly path: string
  readonly bytes: Buffer
}

/**
 * Gives a repeated request the answer of its first: from the store, or from the one that is still
 * under way. Faults and 5xx are not kept, so a later attempt may do better.
 */
export class Replay {
  private readonly store: AnswerStore
  private readonly underWay = new Map<
    string,
    { digest: Buffer; answer: Promise<ListenerResponse> }
  >()

  constructor(store: AnswerStore) {
    this.store = store
  }

  /** Throws `request-id-reused` where the id belongs to another request. */
  async once(
    { requestId, path, bytes }: Replayable,
    work: () => Promise<ListenerResponse>,
  ): Promise<ListenerResponse> {
    const digest = createHash('sha256').update(`${path.length}:${path}`).update(bytes).digest()
    const known = this.underWay.get(requestId) ?? this.store.find(requestId)
    if (known !== undefined) {
      if (known.digest.equals(digest)) return known.answer
      throw new GatewayError('request-id-reused')
    }
    const answer = this.keep(requestId, digest, work)
    this.underWay.set(requestId, { digest, answer })
    try {
      return await answer
    } finally {
      this.underWay.delete(requestId)
    }
  }

  private async keep(
    requestId: string,
    digest: Buffer,
    work: () => Promise<ListenerResponse>,
  ): Promise<ListenerResponse> {
    const answer = await work()
    if (answer.status < 500) await this.store.put(requestId, { digest, answer })
    return answer
  }
}
