import { expect, test } from 'vitest'
import { fieldList } from '../../../src/metadata/fields.ts'
import { formWords, keptWords } from '../../../src/metadata/words.ts'

test('a bucket is said in the unit of its field', () => {
  expect(formWords('message.time', 'bucket', 1_000)).toBe('rounded to the second')
  expect(formWords('message.time', 'bucket', 90_000)).toBe('rounded to 90 seconds')
  expect(formWords('message.time', 'bucket', 120_000)).toBe('rounded to 2 minutes')
  expect(formWords('delivery.time', 'bucket', 86_400_000)).toBe('rounded to the day')
  expect(formWords('message.time', 'bucket', 1_500)).toBe('rounded to 1,500 milliseconds')
  expect(formWords('message.size', 'bucket', 256)).toBe('rounded to 256 bytes')
  expect(formWords('participants.list', 'bucket', 8)).toBe('rounded to groups of 8')
})

test('a bucket that is a label says which one, whatever its width', () => {
  const labels = fieldList.filter(({ bucket }) => bucket === 'label').map(({ name }) => name)
  expect(labels).toHaveLength(4)
  for (const name of labels) {
    expect(formWords(name, 'bucket', 5)).toBe(formWords(name, 'bucket'))
    expect(formWords(name, 'bucket')).not.toContain('rounded')
  }
})

test('every form of every field has words', () => {
  for (const { name, forms } of fieldList)
    for (const form of forms) expect(formWords(name, form)).toMatch(/^[a-z]/)
})

test('how long something is kept is said in days', () => {
  expect([0, 1, 7, 2_555].map(keptWords)).toEqual([
    'until it is answered',
    '1 day',
    '7 days',
    '2,555 days',
  ])
})
