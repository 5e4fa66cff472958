import type { FieldName } from '../model/metadata.ts'
import { fieldList } from './fields.ts'
import { descriptions, escapeHtml, section } from './html.ts'

/** What the fields of a page are about, said once for all of its tables; empty where there are none. */
export function glossary(names: readonly FieldName[]): string {
  const shown = new Set(names)
  const terms = fieldList.filter(({ name }) => shown.has(name))
  if (terms.length === 0) return ''
  const said = terms.map(
    ({ title, name, description }) =>
      [`${escapeHtml(title)} <code>${name}</code>`, escapeHtml(description)] as const,
  )
  return section('words', 'What the rows mean', descriptions(said))
}
