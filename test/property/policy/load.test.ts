import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inspectPolicies } from '../../../src/policy/load.ts'
import { splitStatements } from '../../../src/policy/statements.ts'
import { permitAll } from '../../support/policy.ts'

const words =
  'permit forbid ( ) { } [ ] ; , @id("x") @reason("r") principal action resource context when unless if then else ! && || . == in has like - + * 1 " // \\ ?'
const pieces = fc.constantFrom(...words.split(' '), '\n')
const texts = fc.oneof(
  fc.string({ maxLength: 200, unit: 'grapheme' }),
  fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join(' ')),
  fc
    .array(pieces, { maxLength: 12 })
    .map((parts) => permitAll.replace(';', ` when { ${parts.join(' ')} };`)),
)

test('no text makes the loader throw, and Cedar answers after it', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const inspection = inspectPolicies(text, 0)
      return inspection.kind === 'valid' || inspection.findings.length > 0
    }),
  )
  expect(inspectPolicies(permitAll, 0).kind).toBe('valid')
})

test('statements are disjoint pieces of the text in its order, each at its line', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const split = splitStatements(text)
      if (split.kind === 'fault') return true
      let from = 0
      return split.statements.every((statement) => {
        const at = text.indexOf(statement.text, from)
        from = at + statement.text.length
        return (
          at >= 0 &&
          statement.text.endsWith(';') &&
          text.slice(0, at).split('\n').length === statement.line
        )
      })
    }),
  )
})
