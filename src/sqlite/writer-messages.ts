/** What the writer thread is started with. */
export interface WriterData {
  readonly path: string
  readonly busyTimeoutMs: number
}

/** A batch for one transaction, or the order to close. Texts get their numbers in the order of their arrival. */
export type WriterMessage =
  | {
      readonly kind: 'commit'
      readonly newTexts: readonly string[]
      readonly bytes: ArrayBuffer
      readonly units: number
    }
  | { readonly kind: 'close' }

/** One outcome per unit (see `commitBatch`), and the buffer back for the next batch. */
export interface WriterReply {
  readonly outcomes: readonly number[]
  readonly bytes: ArrayBuffer
}
