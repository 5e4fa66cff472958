import type { Answer } from './answer.ts'
import type { Direction, Exchange, Operation, Origin } from './exchange.ts'
import type { ProviderDomain } from './ids.ts'
import type { Audience, Enforcement, FieldName, Form } from './metadata.ts'

/** A request as a listener received it. */
export interface RawRequest {
  readonly operation: Operation
  readonly direction: Direction
  readonly origin: Origin
  /** The path variable, percent-decoded once: a URI or a domain. */
  readonly target: string
  readonly bytes: Buffer
  /** The hub that our own delivery service names where nothing else in the request does: for `proxyDownload`. */
  readonly hub?: ProviderDomain | undefined
}

export interface RawResponse {
  readonly status: number
  readonly bytes: Buffer
}

/**
 * What the bytes of one operation show to one audience, stated by the protocol's adapter.
 * `wireFloor` is the least form that the bytes can express at all.
 */
export interface FieldDeclaration {
  readonly operation: Operation
  readonly part: 'request' | 'response'
  readonly audience: Audience
  readonly field: FieldName
  readonly wireFloor: Form
  readonly enforcement: Enforcement
  /** The most exposing form that the bytes can carry. */
  readonly carries: Form
  /** One sentence for people: why the floor is what it is. */
  readonly because: string
}

/** The one port of every protocol. An adapter holds no state and does no I/O. */
export interface Adapter {
  readonly name: string
  readonly operations: readonly Operation[]
  readonly declarations: readonly FieldDeclaration[]
  /** Throws `GatewayError` (`malformed-body`, `path-body-mismatch`, …). */
  parse(request: RawRequest): Exchange
  /** Throws `GatewayError('upstream-invalid')` on bytes that are no answer of this operation. */
  parseAnswer(exchange: Exchange, response: RawResponse): Answer
  /** The answer's bytes. Where `answer` is what `original` said, these are the original bytes. */
  serialise(exchange: Exchange, answer: Answer, original?: RawResponse): RawResponse
  /** The protocol's own way to say no, or undefined where it has none (then an RFC 9457 problem). */
  refuse(exchange: Exchange, refusal: Refusal): RawResponse | undefined
  /**
   * The exchange with these edits of the fields that its request declares as `edited`; the same value
   * where none of them is there. Nothing that a client signed ever changes.
   */
  edit(exchange: Exchange, edits: RequestEdits): Exchange
}

/** What is written in the place of a field. */
export type FieldEdit =
  | { readonly kind: 'drop' }
  /** Another name for the one that stands there. */
  | { readonly kind: 'rename'; readonly rename: (value: string) => string }
  /** Some of the entries of a list. */
  | {
      readonly kind: 'choose'
      readonly choose: <T extends { readonly bytes: Buffer }>(entries: readonly T[]) => readonly T[]
    }

export interface RequestEdits {
  readonly fields: ReadonlyMap<FieldName, FieldEdit>
  /** Takes out the extension components that the adapter does not know: no field stands for them. */
  readonly dropsUnknown: boolean
}

/** Why an exchange is refused, in the terms in which protocols can say it. */
export type Refusal =
  | { readonly kind: 'not-allowed' }
  | { readonly kind: 'wrong-epoch'; readonly currentEpoch: bigint }
  | { readonly kind: 'invalid-proposal'; readonly proposals: readonly Buffer[] }
  | { readonly kind: 'no-such-room' }
