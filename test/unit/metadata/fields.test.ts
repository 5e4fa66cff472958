import { expect, test } from 'vitest'
import { fieldList, fields } from '../../../src/metadata/fields.ts'
import { compareForms } from '../../../src/model/metadata.ts'

test('codes run from 0x01 without gaps, in the order of the registry', () => {
  expect(fieldList.map((field) => field.code)).toEqual(fieldList.map((_, index) => index + 1))
})

test('each definition stands under its own name and says in a sentence what the field is', () => {
  for (const [name, field] of Object.entries(fields)) {
    expect(field.name).toBe(name)
    expect(field.description).toMatch(/^[A-Z].*\.$/)
  }
})

test('each field has a title of its own, short enough for a row on a phone', () => {
  const titles = fieldList.map(({ title }) => title)
  expect(new Set(titles).size).toBe(titles.length)
  for (const title of titles) expect(title).toMatch(/^[A-Z][A-Za-z' ,]{3,39}$/)
})

test('the forms of each field rise in exposure and none comes twice', () => {
  for (const field of fieldList) {
    expect(field.forms).toEqual([...new Set(field.forms)].toSorted(compareForms))
  }
})

test('a field has a bucket exactly where it says what the bucket is', () => {
  const wrong = fieldList.filter(
    (field) => field.forms.includes('bucket') !== (field.bucket !== undefined),
  )
  expect(wrong).toEqual([])
})
