/** No server, or one that does not answer as ours does; `code` is a problem's code or one of ours. */
export class ControlError extends Error {
  override readonly name = 'ControlError'
  readonly code: string
  /** Which of several reasons the code has; undefined where it says it all. */
  readonly reason: string | undefined

  constructor(code: string, cause?: unknown, reason?: string) {
    super(code, { cause })
    this.code = code
    this.reason = reason
  }
}
