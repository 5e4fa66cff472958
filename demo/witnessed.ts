import type { KeptFile } from './kept-files.ts'
import type { Crossing } from './recording.ts'

/** What there is to look at when the story is over. */
export interface Witnessed {
  readonly crossings: readonly Crossing[]
  /** What the gateways have written to their disks. */
  readonly kept: readonly KeptFile[]
}
