/** Every way in which bytes can fail to be what they claim. Stable: callers and users branch on it. */
export type WireErrorCode =
  | 'truncated'
  | 'trailing-bytes'
  | 'non-minimal-varint'
  | 'varint-too-long'
  | 'limit-exceeded'
  | 'vector-mismatch'
  | 'invalid-presence'
  | 'invalid-value'
  | 'invalid-utf8'
  | 'not-ascending'
  | 'unsupported-version'
  | 'unsupported-wire-format'
  | 'public-application-message'
  | 'unknown-proposal-type'
  | 'invalid-cbor'

/** Bytes that a strict decoder refused. `at` is the offset in bytes; the input itself is never part of it. */
export class WireError extends Error {
  override readonly name = 'WireError'
  readonly code: WireErrorCode
  readonly at: number

  constructor(code: WireErrorCode, at: number) {
    super(`${code} at byte ${at}`)
    this.code = code
    this.at = at
  }
}
