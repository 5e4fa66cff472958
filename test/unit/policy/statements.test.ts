import { expect, test } from 'vitest'
import { splitStatements } from '../../../src/policy/statements.ts'

function statements(text: string) {
  const split = splitStatements(text)
  return split.kind === 'split' ? split.statements : []
}

const when = (body: string): string => `permit (principal, action, resource) when { ${body} };`

test('policies are split at their semicolons, with the line of their first character', () => {
  const text =
    '// a comment; with a semicolon\n\npermit(principal,action,resource);\nforbid\n(principal,action,resource);'
  expect(statements(text)).toEqual([
    { text: 'permit(principal,action,resource);', line: 3 },
    { text: 'forbid\n(principal,action,resource);', line: 4 },
  ])
})

test('semicolons, brackets and comment marks in strings are text', () => {
  const text = String.raw`@id("a;b)(//\"") permit(principal,action,resource);`
  expect(statements(text)).toEqual([{ text, line: 1 }])
})

test('an empty text is no policy', () => {
  expect(splitStatements(' \n// nothing\n')).toEqual({ kind: 'split', statements: [] })
})

test.each([
  ['too-deep', when('('.repeat(65) + 'true' + ')'.repeat(65))],
  ['too-complex', when(Array(202).fill('true').join(' && '))],
  ['too-complex', when('if true then '.repeat(201) + 'true' + ' else true'.repeat(201))],
  ['too-complex', when(`principal${'.verified'.repeat(301)}`)],
  ['literal-too-large', when('9007199254740992 > 1')],
  ['unclosed-string', '@id("a) permit(principal,action,resource);'],
  ['unbalanced-brackets', 'permit(principal,action,resource));'],
  ['unbalanced-brackets', 'permit(principal,action,resource;'],
  ['unfinished-policy', 'permit(principal,action,resource)'],
  ['too-many-policies', 'permit(principal,action,resource);'.repeat(1_001)],
  ['text-too-long', ' '.repeat(262_145)],
])('%s is found before Cedar sees the text', (fault, text) => {
  expect(splitStatements(text)).toMatchObject({ kind: 'fault', fault })
})

test('the bounds are per policy', () => {
  const one = when(Array(150).fill('true').join(' && '))
  expect(statements(one + one + one)).toHaveLength(3)
})
