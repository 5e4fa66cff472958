import { readFileSync } from 'node:fs'
import type { Options } from 'prettier'

/** How this repository is formatted: generated pages pass the format check as they are. */
export const prettierOptions = JSON.parse(
  readFileSync(new URL('../../.prettierrc.json', import.meta.url), 'utf8'),
) as Options
