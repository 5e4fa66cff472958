import { made, refused, type Exported } from './refusal.ts'

/** Name and value of a header or of a field that is written like one. */
export type Field = readonly [name: string, value: string]

/**
 * Fields as lines, folded before spaces where they are longer than 78 characters. RFC 5322 §2.1.1, §2.2.3.
 * A value that is not printable ASCII, or has no place to fold at 998 characters, is refused: nothing that
 * somebody wrote can begin a line of its own.
 */
export function fieldLines(fields: readonly Field[]): Exported<readonly string[]> {
  const lines: string[] = []
  for (const [name, value] of fields) {
    if (!PRINTABLE.test(value)) return refused('unfit-for-mail')
    const folded = fold(`${name}: ${value}`)
    if (folded.some(({ length }) => length > LINE_MAX)) return refused('unfit-for-mail')
    lines.push(...folded)
  }
  return made(lines)
}

/** Octets in lines of 76 characters. RFC 2045 §6.8 */
export function base64Lines(text: string): readonly string[] {
  return (
    Buffer.from(text)
      .toString('base64')
      .match(/.{1,76}/g) ?? []
  )
}

function fold(text: string): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/(?= )/)) {
    // A line of blanks alone would be taken for the end of the header.
    if (line.trim() !== '' && line.length + word.length > LINE_WANTED) {
      lines.push(line)
      line = ''
    }
    line += word
  }
  return [...lines, line]
}

const PRINTABLE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/
const LINE_WANTED = 78
const LINE_MAX = 998
