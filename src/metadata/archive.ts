import type { FieldDeclaration } from '../model/adapter.ts'
import { compareForms } from '../model/metadata.ts'

/**
 * What the gateway's own journal could keep of each operation: every field that any party is
 * shown, written by the gateway itself, so its floor is `absent`.
 */
export function archiveDeclarations(
  declarations: readonly FieldDeclaration[],
): readonly FieldDeclaration[] {
  const byCell = new Map<string, FieldDeclaration>()
  for (const declared of declarations) {
    if (declared.audience === 'archive') continue
    const key = JSON.stringify([declared.operation, declared.part, declared.field])
    const known = byCell.get(key)
    if (known !== undefined && compareForms(known.carries, declared.carries) >= 0) continue
    byCell.set(key, {
      operation: declared.operation,
      part: declared.part,
      audience: 'archive',
      field: declared.field,
      wireFloor: 'absent',
      enforcement: 'edited',
      carries: declared.carries,
      because: 'The gateway writes its journal itself.',
    })
  }
  return [...byCell.values()]
}
