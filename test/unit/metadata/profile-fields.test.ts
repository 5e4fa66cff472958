import { expect, test } from 'vitest'
import { hideProfileFields } from '../../../src/metadata/transforms.ts'

test('a found profile loses its fields, any other outcome stays', () => {
  expect(hideProfileFields({ kind: 'success' })).toEqual({
    kind: 'success',
    profileFields: 'withheld',
  })
  expect(hideProfileFields({ kind: 'notFound' })).toEqual({ kind: 'notFound' })
})
