import type { KeyObject } from 'node:crypto'
import { messageBytes } from '../privacypass/issuance.ts'
import type { TokenType } from '../privacypass/token-type.ts'

/** One batch for the signing thread. */
export interface SigningJob {
  readonly job: number
  /** Hexadecimal: by it the thread remembers what it made of the key. */
  readonly keyId: string
  readonly tokenType: TokenType
  readonly key: KeyObject
  /** Whether one proof is made for all. */
  readonly amortized: boolean
  /** Blinded messages, one behind the other. */
  readonly messages: Uint8Array
  /** The time, by which shares of the CPU fill up again. */
  readonly nowMs: number
}

/** What became of it. */
export type SigningReply = { readonly job: number } & SigningOutcome

export type SigningOutcome =
  /** TokenResponses one behind the other, without their type; or an amortized batch's response. */
  | { readonly kind: 'signed'; readonly answers: Uint8Array<ArrayBuffer> }
  /** The type has used its share of the CPU: nothing was computed. */
  | { readonly kind: 'share-used'; readonly retryAfterMs: number }
  /** The key did not make all of the answers. */
  | { readonly kind: 'failed' }

/** The blinded messages of a job. */
export function messagesOf({ tokenType, messages }: SigningJob): readonly Buffer[] {
  const size = messageBytes[tokenType]
  return Array.from({ length: messages.length / size }, (_, at) =>
    Buffer.from(messages.subarray(at * size, (at + 1) * size)),
  )
}
