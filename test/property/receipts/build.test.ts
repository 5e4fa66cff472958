import fc from 'fast-check'
import { expect, test } from 'vitest'
import { operations } from '../../../src/model/exchange.ts'
import { alike, termsOf } from '../../../src/receipts/build.ts'
import { formsShown, type Passed } from '../../../src/receipts/passed.ts'
import { receiptSchema } from '../../../src/receipts/receipt.ts'
import { planOf, receipt, signedReceipt, verdictOn } from '../../support/receipts.ts'
import { builtIn, signed } from '../../support/requirements.ts'

const scene = fc.record({
  kind: fc.constantFrom('shown', 'unanswered', 'received'),
  agreement: fc.constantFrom(undefined, signed().digest),
  operation: fc.constantFrom(...operations),
  part: fc.constantFrom('request', 'response'),
  audience: fc.constantFrom('hub', 'follower', 'target'),
  suite: fc.constantFrom(...builtIn.all),
  hidden: fc.subarray(['message.id', 'message.frank', 'room.id'] as const),
})

/** Parts of exchanges as the pipeline counts them. */
const passed = scene.map(({ suite, hidden, ...drawn }): Passed | undefined => {
  const plan = planOf(suite).plan(drawn.operation, drawn.audience)
  const observed = Object.fromEntries(hidden.map((field) => [field, 'absent']))
  return plan === undefined ? undefined : { ...drawn, peer: 'b.example', plan, observed }
})

test('a receipt of anything that plans permit is valid, and its numbers are those of what passed', () => {
  fc.assert(
    fc.property(fc.array(passed, { minLength: 1, maxLength: 40 }), (drawn) => {
      const all = drawn.filter((one) => one !== undefined)
      if (all.length === 0) return
      const terms = termsOf(all.map((one) => ({ ...alike(one, planOf(one.plan.suite)), count: 1 })))
      expect(receiptSchema.safeParse(receipt({ terms })).success).toBe(true)
      expect(verdictOn(signedReceipt({ terms }))).toEqual({ kind: 'valid' })
      const rows = terms.flatMap(({ exchanges }) => exchanges)
      expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(all.length)
      const expected = new Map<string, number>()
      for (const one of all)
        for (const [field, form] of Object.entries(formsShown(one)))
          expected.set(`${field} ${form}`, (expected.get(`${field} ${form}`) ?? 0) + 1)
      const counted = new Map<string, number>()
      for (const { field, form, count } of rows.flatMap(({ fields }) => fields))
        counted.set(`${field} ${form}`, (counted.get(`${field} ${form}`) ?? 0) + count)
      expect(counted).toEqual(expected)
    }),
  )
})

test('the order in which anything passed leaves no trace', () => {
  fc.assert(
    fc.property(fc.array(passed, { minLength: 2, maxLength: 20 }), (drawn) => {
      const rows = drawn
        .filter((one) => one !== undefined)
        .map((one) => ({ ...alike(one, planOf(one.plan.suite)), count: 1 }))
      expect(termsOf(rows.toReversed())).toEqual(termsOf(rows))
    }),
  )
})
