import type { FieldDeclaration } from '../model/adapter.ts'
import { compareForms, type Audience, type FieldName, type Form } from '../model/metadata.ts'
import { wireFloor } from './bare-minimum.ts'
import { optionality, type Suite } from './suite.ts'

/** One place where a suite shows, or may show, more than the protocol has to. */
export interface ExcessEntry {
  readonly field: FieldName
  readonly audience: Audience
  readonly wireFloor: Form
  readonly floor: Form
  readonly ceiling: Form
  /** `required`: more is always shown; `optional`: the operator's policies decide. */
  readonly kind: 'required' | 'optional'
  readonly retentionDays: number
}

/** A suite as the subtraction from the wire floor of the protocols in use, per field and audience. */
export function excess(
  suite: Suite,
  declarations: readonly FieldDeclaration[],
): readonly ExcessEntry[] {
  return suite.entries.flatMap((entry) => {
    const least = wireFloor(declarations, entry.field, entry.audience)
    if (compareForms(entry.ceiling, least) <= 0) return []
    const always = optionality(entry) === 'required' && compareForms(entry.floor, least) > 0
    return [
      {
        field: entry.field,
        audience: entry.audience,
        wireFloor: least,
        floor: entry.floor,
        ceiling: entry.ceiling,
        kind: always ? 'required' : 'optional',
        retentionDays: entry.retentionDays,
      } as const,
    ]
  })
}
