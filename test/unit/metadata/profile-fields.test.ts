import { expect, test } from 'vitest'
import { hideProfileFields, hideUnknownComponents } from '../../../src/metadata/transforms.ts'

test('whatever an answer says, its profiles lose their fields', () => {
  for (const kind of ['success', 'notFound', 'ambiguous'] as const)
    expect(hideProfileFields({ kind })).toEqual({ kind, profileFields: 'withheld' })
})

test('extensions are taken out where there are some that nobody knows', () => {
  const outcome = { kind: 'success', unknownComponents: 'present' } as const
  expect(hideUnknownComponents(outcome)).toEqual({ ...outcome, unknownComponents: 'withheld' })
  const plain = { kind: 'success' } as const
  expect(hideUnknownComponents(plain)).toBe(plain)
})
