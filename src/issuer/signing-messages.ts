import type { KeyObject } from 'node:crypto'

/** Blinded messages for the signing thread, one behind the other, 256 octets each. */
export interface SigningJob {
  readonly job: number
  /** Hexadecimal: by it the thread remembers what it made of the key. */
  readonly keyId: string
  readonly key: KeyObject
  readonly messages: Uint8Array
}

/** Their signatures in the same order; undefined where the key did not make them all. */
export interface SigningReply {
  readonly job: number
  readonly signatures: Uint8Array | undefined
}

/** Octets of a blinded message, and of a signature. RFC 9578 §6 */
export const messageBytes = 256
