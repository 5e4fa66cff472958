import { fieldList } from '../metadata/fields.ts'
import { operations } from '../model/exchange.ts'
import { admissionAction, disclosureAction } from './schema.ts'

/** What can be permitted to a degree: the actions of a field, or of letting an operation in. */
export interface Ladder {
  /** The field, or `admit:` and the operation. */
  readonly name: string
  readonly kind: 'disclosure' | 'admission'
  /** Most exposing first; below the last is `NOTHING`. */
  readonly rungs: readonly { readonly form: string; readonly action: string }[]
}

/** Every ladder of the schema, fields in the order of the registry. */
export function ladders(): readonly Ladder[] {
  const ofFields = fieldList.map(({ name, forms }): Ladder => ({
    name,
    kind: 'disclosure',
    rungs: forms
      .filter((form) => form !== 'absent')
      .toReversed()
      .map((form) => ({ form, action: disclosureAction(name, form) })),
  }))
  const ofOperations = operations.map((operation): Ladder => {
    const action = admissionAction(operation)
    return { name: action, kind: 'admission', rungs: [{ form: 'admitted', action }] }
  })
  return [...ofFields, ...ofOperations]
}

/** Where no rung is permitted. */
export const NOTHING = '-'
