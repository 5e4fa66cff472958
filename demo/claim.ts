import type { KeptFile } from './kept-files.ts'
import type { Crossing } from './recording.ts'

/** Something that must be true of what crossed or of what is kept, and whether it was. */
export interface Claim {
  readonly name: string
  /** One sentence for people. */
  readonly says: string
  readonly ok: boolean
  /** On how many crossings or files it was checked; none is not ok. */
  readonly checked: number
  /** Those that break it. */
  readonly broken: readonly string[]
}

/** What a claim was checked on, and whether it holds there. */
export type Checked = readonly [what: Crossing | KeptFile, holds: boolean]

export function claim(name: string, says: string, checks: readonly Checked[]): Claim {
  const broken = checks.filter(([, holds]) => !holds).map(([what]) => labelOf(what))
  const checked = checks.length
  return { name, says, ok: checked > 0 && broken.length === 0, checked, broken }
}

function labelOf(what: Crossing | KeptFile): string {
  return 'index' in what ? `crossing ${what.index}` : what.name
}
