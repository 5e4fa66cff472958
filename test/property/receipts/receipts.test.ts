import fc from 'fast-check'
import { expect, test } from 'vitest'
import { computePlan, purposeOf } from '../../../src/metadata/plan.ts'
import { operations } from '../../../src/model/exchange.ts'
import { audiences, compareForms, forms } from '../../../src/model/metadata.ts'
import { declarations } from '../../../src/protocols/mimi/declarations.ts'
import { openReceipt } from '../../../src/receipts/receipt.ts'
import { planOf, receiptText, around, signedReceipt, verdictOn } from '../../support/receipts.ts'
import { builtIn } from '../../support/requirements.ts'

/** What becomes of bytes that a verifier is given. */
function outcomeOf(bytes: Buffer): string {
  const opened = openReceipt(bytes)
  return opened.kind === 'malformed' ? opened.reason : verdictOn(opened.signed).kind
}

test('no octet of a receipt can be changed', () => {
  const original = Buffer.from(signedReceipt().jws)
  expect(outcomeOf(original)).toBe('valid')
  for (const [at, octet] of original.entries()) {
    const bytes = Buffer.from(original)
    bytes.writeUInt8(octet ^ 1, at)
    expect([at, outcomeOf(bytes)]).not.toEqual([at, 'valid'])
  }
})

test('a receipt that is cut or continued anywhere is none', () => {
  const { jws } = signedReceipt()
  fc.assert(
    fc.property(fc.nat(jws.length - 1), fc.string({ minLength: 1 }), (at, more) => {
      expect(outcomeOf(Buffer.from(jws.slice(0, at)))).not.toBe('valid')
      expect(outcomeOf(Buffer.from(`${jws}${more}`))).not.toBe('valid')
    }),
  )
})

test('no number of a receipt can be changed, whatever it becomes', () => {
  const text = receiptText()
  const numbers = [...text.matchAll(/:(\d+)/g)]
  expect(numbers.length).toBeGreaterThan(8)
  fc.assert(
    fc.property(fc.constantFrom(...numbers), fc.nat(), (found, value) => {
      const [whole, before = ''] = found
      if (Number(before) === value) return
      const changed = `${text.slice(0, found.index)}:${value}${text.slice(found.index + whole.length)}`
      expect(outcomeOf(Buffer.from(around(changed)))).not.toBe('valid')
    }),
  )
})

test('whatever policies permit, no plan shows more than the plan of its suite', () => {
  const scene = fc.record({
    suite: fc.constantFrom(...builtIn.all),
    operation: fc.constantFrom(...operations),
    audience: fc.constantFrom(...audiences.filter((audience) => audience !== 'archive')),
    permitted: fc.array(fc.constantFrom(...forms), { minLength: 32, maxLength: 32 }),
  })
  fc.assert(
    fc.property(scene, ({ suite, operation, audience, permitted }) => {
      const plan = computePlan({
        suite,
        purpose: purposeOf(operation, audience),
        declarations: declarations.filter(
          (declared) => declared.operation === operation && declared.audience === audience,
        ),
        permitted: (field) => ({
          form: permitted[field.length % permitted.length] ?? 'absent',
          policies: [],
          withheldBy: [],
        }),
      })
      if (plan.kind === 'refused') return
      const bound = planOf(suite).plan(operation, audience)
      for (const { part, field, shown, most } of plan.cells)
        for (const form of [shown, most])
          expect(compareForms(form, bound?.[part][field]?.most ?? 'absent')).toBeLessThanOrEqual(0)
    }),
    { numRuns: 1_000 },
  )
})
