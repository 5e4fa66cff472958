import type { FieldName, Form } from '../src/model/metadata.ts'
import { operationOf, suiteOf } from './crossed.ts'
import type { Crossing } from './recording.ts'

/** As what a provider saw something. `asker`: of a consent or a query, the side that asks. */
export type Role = 'hub' | 'follower' | 'target' | 'asker'

/** One field that was in the bytes of one request or answer, and how; or that was not. */
export interface Seen {
  readonly field: FieldName
  /** Which of several things that are one field. */
  readonly of?: string
  readonly form: Form
}

/** What one provider saw in one half of one crossing. */
export interface Sighting {
  readonly crossing: number
  readonly suite: string
  /** With what a notify carries behind a colon. */
  readonly operation: string
  readonly part: 'request' | 'answer'
  readonly observer: string
  readonly role: Role
  readonly seen: readonly Seen[]
}

/** Of a request: the called provider saw it. */
export function requestSighting(crossing: Crossing, role: Role, seen: readonly Seen[]): Sighting {
  return { ...common(crossing), part: 'request', observer: crossing.to, role, seen }
}

/** Of an answer: the calling provider got it. */
export function answerSighting(crossing: Crossing, role: Role, seen: readonly Seen[]): Sighting {
  return { ...common(crossing), part: 'answer', observer: crossing.from, role, seen }
}

/** Both ends prove their domain by certificate. */
export const peerDomain: Seen = { field: 'provider.domain', of: 'peer', form: 'exact' }

/** What a proxy or a browser would add; a gateway's own headers are no one's. */
export function network({ headers }: Crossing): Seen {
  const names = headers.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())
  const isOurs = names.every((name) => OWN_HEADERS.has(name))
  return { field: 'sender.network', form: isOurs ? 'absent' : 'exact' }
}

/** Whoever receives something has a clock. */
export const arrival: Seen = { field: 'message.time', of: 'arrival', form: 'exact' }

/** The hub's time: whole seconds are a bucket. */
export function stamp(timestamp: bigint): Seen {
  const form = timestamp % BUCKET_MS === 0n ? 'bucket' : 'exact'
  return { field: 'message.time', of: 'stamp', form }
}

export const BUCKET_MS = 1_000n

function common(crossing: Crossing) {
  const operation = operationOf(crossing) ?? ''
  return { crossing: crossing.index, suite: suiteOf(crossing), operation }
}

const OWN_HEADERS: ReadonlySet<string> = new Set([
  'host',
  'from',
  'content-type',
  'content-length',
  'connection',
  'mimi-compliance-metadata',
  'mimi-metadata-agreement',
  'mimi-metadata-suite',
  'mimi-sender-proof',
])
