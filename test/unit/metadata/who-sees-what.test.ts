import { expect, test } from 'vitest'
import { fieldsPage, whoSeesWhat } from '../../../src/metadata/who-sees-what.ts'
import { declarations } from '../../../src/protocols/mimi/declarations.ts'

const page = 'docs/threat-model/fields.md'

test('docs/threat-model/fields.md is what the declarations say', async () => {
  await expect(fieldsPage(declarations)).toMatchFileSnapshot(`../../../${page}`)
})

test('what each party sees is sorted by party, operation, part and field, and complete', () => {
  const sights = whoSeesWhat(declarations)
  const seen = sights.flatMap((sight) => sight.declarations)
  const wire = declarations.filter((each) => each.audience !== 'archive')
  expect(seen).toHaveLength(wire.length)
  expect(sights[0]).toMatchObject({ audience: 'hub', operation: 'keyMaterial' })
})

test('the page names every field that a declaration names', () => {
  const text = fieldsPage(declarations)
  for (const { field } of declarations) expect(text).toContain(`\`${field}\``)
})
