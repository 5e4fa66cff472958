import { UnsupportedPolicyError } from './evaluation-error.ts'
import { jsonObject, jsonText } from './json-values.ts'

/** A test for Cedar's `like`; time linear in text times pattern, whatever the pattern. */
export function compilePattern(elements: readonly unknown[]): (text: string) => boolean {
  const parts = literalParts(elements)
  const [first = '', ...others] = parts
  const last = others.pop()
  if (last === undefined) return (text) => text === first
  return (text) => {
    if (!text.startsWith(first) || text.length < first.length + last.length) return false
    let at = first.length
    for (const part of others) {
      const found = text.indexOf(part, at)
      if (found < 0) return false
      at = found + part.length
    }
    return text.length - last.length >= at && text.endsWith(last)
  }
}

/** The texts between the wildcards. */
function literalParts(elements: readonly unknown[]): readonly string[] {
  const parts: string[] = []
  let part = ''
  for (const element of elements) {
    if (element === 'Wildcard') {
      parts.push(part)
      part = ''
    } else if (typeof element === 'object') {
      part += jsonText(jsonObject(element)['Literal'])
    } else {
      throw new UnsupportedPolicyError('unknown pattern')
    }
  }
  return [...parts, part]
}
