import fc from 'fast-check'
import { expect, test } from 'vitest'
import { denyWhenEnough } from '../../../src/notices/strike-decision.ts'

const reports = fc.array(
  fc.record({ reporter: fc.constantFrom('r1', 'r2', 'r3'), verified: fc.boolean() }),
  { maxLength: 12 },
)

test('a pseudonym is denied by a moderator, or by two distinct reporters of what was verified, and by nothing else', () => {
  fc.assert(
    fc.property(reports, fc.boolean(), (given, moderator) => {
      const { kind } = denyWhenEnough({ reports: given, moderator })
      const verified = given.filter((report) => report.verified)
      const [first] = verified
      const two = verified.some(({ reporter }) => reporter !== first?.reporter)
      expect(kind).toBe(moderator || two ? 'deny' : 'wait')
    }),
  )
})

test('one reporter alone never suffices, however many reports', () => {
  fc.assert(
    fc.property(reports, (given) => {
      const one = given.map((report) => ({ ...report, reporter: 'r1' }))
      expect(denyWhenEnough({ reports: one, moderator: false })).toEqual({ kind: 'wait' })
    }),
  )
})

test('order, repetition and unverified reports change nothing, and more reports never undo a denial', () => {
  fc.assert(
    fc.property(reports, reports, fc.boolean(), (given, more, moderator) => {
      const decision = denyWhenEnough({ reports: given, moderator })
      const others = [
        given.toReversed(),
        [...given, ...given],
        [...given, ...more.map((report) => ({ ...report, verified: false }))],
      ]
      for (const other of others)
        expect(denyWhenEnough({ reports: other, moderator })).toEqual(decision)
      const grown = denyWhenEnough({ reports: [...given, ...more], moderator })
      expect([grown.kind, 'wait']).toContain(decision.kind)
    }),
  )
})
