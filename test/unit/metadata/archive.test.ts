import { expect, test } from 'vitest'
import { withArchive } from '../../../src/metadata/archive.ts'
import { declarations } from '../../../src/protocols/mimi/declarations.ts'

test('the journal may leave out every field and keep what any party is shown', () => {
  const all = withArchive(declarations)
  const kept = all.filter((each) => each.audience === 'archive')
  expect(new Set(kept.map((each) => each.wireFloor))).toEqual(new Set(['absent']))
  expect(kept).toContainEqual(
    expect.objectContaining({ operation: 'submitMessage', field: 'sender.user', carries: 'exact' }),
  )
})

test('the journal has one declaration per operation, part and field, and none where nobody is shown anything', () => {
  const kept = withArchive(declarations).filter((each) => each.audience === 'archive')
  const keys = kept.map((each) => JSON.stringify([each.operation, each.part, each.field]))
  expect(new Set(keys).size).toBe(keys.length)
  expect(kept.filter((each) => each.carries === 'absent')).toEqual([])
})

test('the declarations of the wire stay as they are', () => {
  const wire = declarations.filter((each) => each.audience !== 'archive')
  expect(withArchive(declarations).filter((each) => each.audience !== 'archive')).toEqual(wire)
})
