import fc from 'fast-check'
import { test } from 'vitest'
import { computePlan, withinCell } from '../../../src/metadata/plan.ts'
import { builtInSuites } from '../../../src/metadata/suites.ts'
import { suiteEntry } from '../../../src/metadata/suite.ts'
import { operations } from '../../../src/model/exchange.ts'
import { audiences, compareForms, forms, purposes } from '../../../src/model/metadata.ts'
import { declarations } from '../../../src/protocols/mimi/declarations.ts'

const suites = builtInSuites(declarations)
const scene = fc.record({
  suite: fc.constantFrom(...suites.all),
  operation: fc.constantFrom(...operations),
  audience: fc.constantFrom(...audiences),
  purpose: fc.constantFrom(...purposes),
  permissions: fc.array(fc.constantFrom(...forms), { minLength: 1, maxLength: 32 }),
})

function planFor({
  suite,
  operation,
  audience,
  purpose,
  permissions,
}: typeof scene extends fc.Arbitrary<infer Scene> ? Scene : never) {
  const declared = declarations.filter(
    (each) => each.operation === operation && each.audience === audience,
  )
  const permittedOf = (field: string) =>
    permissions[field.length % permissions.length] ?? ('absent' as const)
  const plan = computePlan({
    suite,
    purpose,
    declarations: declared,
    permitted: (field) => ({ form: permittedOf(field), policies: ['p'], withheldBy: ['f'] }),
  })
  return { plan, declared, permittedOf }
}

test('a granted plan shows no field above its ceiling, nor an optional one above its permission', () => {
  fc.assert(
    fc.property(scene, (drawn) => {
      const { plan, permittedOf } = planFor(drawn)
      if (plan.kind !== 'granted') return true
      return plan.cells.every((cell) => {
        const entry = suiteEntry(drawn.suite, cell.field, drawn.audience)
        return (
          compareForms(cell.shown, entry?.ceiling ?? 'absent') <= 0 &&
          (cell.shown === 'absent' || compareForms(cell.shown, permittedOf(cell.field)) <= 0)
        )
      })
    }),
  )
})

test('a granted plan shows every field that its purpose requires, at its floor or above', () => {
  fc.assert(
    fc.property(scene, (drawn) => {
      const { plan } = planFor(drawn)
      if (plan.kind !== 'granted') return true
      return plan.cells.every((cell) => {
        const entry = suiteEntry(drawn.suite, cell.field, drawn.audience)
        if (entry === undefined || !entry.purposes.includes(drawn.purpose)) return true
        return compareForms(cell.shown, entry.floor) >= 0
      })
    }),
  )
})

test('what is shown is never below the wire floor and always within the cell itself', () => {
  fc.assert(
    fc.property(scene, (drawn) => {
      const { plan, declared } = planFor(drawn)
      if (plan.kind !== 'granted') return true
      return plan.cells.every((cell) => {
        const floor = declared.find((each) => each.field === cell.field && each.part === cell.part)
        return (
          compareForms(cell.shown, floor?.wireFloor ?? 'absent') >= 0 &&
          withinCell(cell, cell.shown)
        )
      })
    }),
  )
})

test('permitting more never turns a granted plan into a refused one', () => {
  fc.assert(
    fc.property(scene, (drawn) => {
      const { plan } = planFor(drawn)
      if (plan.kind !== 'granted') return true
      return planFor({ ...drawn, permissions: ['exact'] }).plan.kind === 'granted'
    }),
  )
})
