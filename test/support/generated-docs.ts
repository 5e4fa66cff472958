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
export function regenerate(
  document: string,
  part: string,
  content: string,
): Promise<GeneratedDocument> {
  return regenerateParts(document, { [part]: content })
}

/** The same for several parts: as one, since a file can be written once per run. */
export async function regenerateParts(
  document: string,
  parts: Readonly<Record<string, string>>,
): Promise<GeneratedDocument> {
  const file = fileURLToPath(new URL(`../../${document}`, import.meta.url))
  let raw = readFileSync(file, 'utf8')
  for (const [part, content] of Object.entries(parts)) {
    const begin = `<!-- generated: ${part} -->`
    const [before, rest = ''] = raw.split(begin)
    const end = rest.indexOf(END)
    if (end === -1) throw new RangeError(`${document} has no part ${part}`)
    raw = `${before}${begin}\n\n${content}\n${rest.slice(end)}`
  }
  const options = await resolveConfig(file)
  return { file, text: await format(raw, { ...options, parser: 'markdown' }) }
}

const END = '<!-- end -->'
