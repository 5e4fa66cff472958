import { format, resolveConfig } from 'prettier'
import { expect, test } from 'vitest'
import { labelJsonSchema, labelSchema } from '../../../../src/metadata/labels/label.ts'
import { labelUnder, someLabel } from '../../../support/labels.ts'
import { builtIn } from '../../../support/requirements.ts'

test('docs/metadata-label.schema.json is the schema', async () => {
  const file = 'docs/metadata-label.schema.json'
  const options = await resolveConfig(file)
  const text = await format(JSON.stringify(labelJsonSchema()), { ...options, filepath: file })
  await expect(text).toMatchFileSnapshot(`../../../../${file}`)
})

test('the label of every suite is what the schema says, and survives JSON', () => {
  for (const suite of builtIn.all) {
    const label = labelUnder(suite)
    expect(labelSchema.parse(JSON.parse(JSON.stringify(label)))).toEqual(label)
  }
})

test('a label with anything beyond the schema is none', () => {
  expect(parse(someLabel)).toBe(true)
  expect(parse({ ...someLabel, user: 'mimi://a.example/u/alice' })).toBe(false)
  expect(parse({ ...someLabel, schema: 2 })).toBe(false)
})

function parse(value: unknown): boolean {
  return labelSchema.safeParse(value).success
}
