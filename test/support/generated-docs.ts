import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'

export interface GeneratedDocument {
  /** Absolute path. */
  readonly file: string
  /** What the file should hold. */
  readonly text: string
}

/**
 * A document with its part between `<!-- generated: <part> -->` and `<!-- end -->` made anew. Compare
 * it with `toMatchFileSnapshot`; `npx vitest run <test file> --update` then writes it.
 */
export async function regenerate(
  document: string,
  part: string,
  content: string,
): Promise<GeneratedDocument> {
  const file = fileURLToPath(new URL(`../../${document}`, import.meta.url))
  const begin = `<!-- generated: ${part} -->`
  const [before, rest = ''] = readFileSync(file, 'utf8').split(begin)
  const end = rest.indexOf(END)
  if (end === -1) throw new RangeError(`${document} has no part ${part}`)
  const raw = `${before}${begin}\n\n${content}\n${rest.slice(end)}`
  const options = await resolveConfig(file)
  return { file, text: await format(raw, { ...options, parser: 'markdown' }) }
}

const END = '<!-- end -->'
