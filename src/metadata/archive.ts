import type { FieldDeclaration } from '../model/adapter.ts'
import { compareForms } from '../model/metadata.ts'

/**
 * The declarations with those of the gateway's own journal: it could keep of each operation every
 * field that any party is shown, and it writes itself, so the floor of each is `absent`. What an
 * adapter says of the journal is left out: it is not in the bytes of any protocol.
 */
export function withArchive(
  declarations: readonly FieldDeclaration[],
): readonly FieldDeclaration[] {
  const shown = declarations.filter((declared) => declared.audience !== 'archive')
  const byCell = new Map<string, FieldDeclaration>()
  for (const declared of shown) {
    if (declared.carries === 'absent') continue
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
  return [...shown, ...byCell.values()]
}
