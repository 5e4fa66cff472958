/** Why a suite's cryptography refuses bytes. Stable: callers branch on it. */
export type CryptoErrorCode = 'unsupported-suite' | 'invalid-key' | 'decryption-failed'

/** Its message is the code: nothing of a key or a text is part of it. */
export class CryptoError extends Error {
  override readonly name = 'CryptoError'
  readonly code: CryptoErrorCode

  constructor(code: CryptoErrorCode, options?: ErrorOptions) {
    super(code, options)
    this.code = code
  }
}
