import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fieldList } from '../../../src/metadata/fields.ts'
import { labelSchema } from '../../../src/metadata/labels/label.ts'
import type { Sight } from '../../../src/metadata/labels/recipient.ts'
import { suiteOfTable } from '../../../src/metadata/requirements/private-suite.ts'
import { suiteEntry } from '../../../src/metadata/suite.ts'
import { audiences, compareForms, forms, type FieldName } from '../../../src/model/metadata.ts'
import { requirementsArbitrary } from '../../support/arbitraries/requirements.ts'
import { labelUnder, recipientUnder, sightsUnder } from '../../support/labels.ts'
import { builtIn } from '../../support/requirements.ts'

const privateSuite = requirementsArbitrary('b.example')
  .filter(({ suites }) => suites.length > 0)
  .map(({ suites: [table] }) => suiteOfTable(table as NonNullable<typeof table>))

const scene = fc
  .record({
    suite: fc.oneof(fc.constantFrom(...builtIn.all), privateSuite),
    audience: fc.constantFrom(...audiences),
    permissions: fc.array(fc.constantFrom(...forms), { minLength: 1, maxLength: 32 }),
  })
  .map(({ permissions, ...rest }) => ({
    ...rest,
    permitted: (field: FieldName) =>
      permissions[fieldList.findIndex(({ name }) => name === field) % permissions.length] ??
      'absent',
  }))

/** Every cell in which a granted plan shows a field, or lets the bytes of a client show it. */
function disclosed(sights: readonly Sight[]) {
  return sights.flatMap(({ plan, part }) =>
    plan.kind === 'refused'
      ? []
      : plan.cells.filter((cell) => cell.part === part && cell.most !== 'absent'),
  )
}

test('every field that a plan discloses is in the label once, and no other is', () => {
  fc.assert(
    fc.property(scene, ({ suite, audience, permitted }) => {
      const cells = disclosed(sightsUnder(suite, audience, permitted))
      const { fields, withheld } = recipientUnder(suite, audience, permitted)
      const named = fields.map(({ field }) => field)
      expect(named.toSorted()).toEqual([...new Set(cells.map(({ field }) => field))].toSorted())
      expect([...named, ...withheld].toSorted()).toEqual(
        fieldList.map(({ name }) => name).toSorted(),
      )
    }),
  )
})

test('no plan shows a field in a clearer form than the label says, nor past its own bounds', () => {
  fc.assert(
    fc.property(scene, ({ suite, audience, permitted }) => {
      const cells = disclosed(sightsUnder(suite, audience, permitted))
      const { fields } = recipientUnder(suite, audience, permitted)
      return fields.every(({ field, form, enforcement, retentionDays }) => {
        const own = cells.filter((cell) => cell.field === field)
        const entry = suiteEntry(suite, field, audience)
        return (
          own.every(({ shown }) => compareForms(shown, form) <= 0) &&
          own.every(
            (cell) => cell.enforcement !== 'checked' || compareForms(cell.most, form) <= 0,
          ) &&
          own.every((cell) => enforcement.includes(cell.enforcement)) &&
          compareForms(form, entry?.ceiling ?? 'absent') <= 0 &&
          retentionDays <= (entry?.retentionDays ?? 0)
        )
      })
    }),
  )
})

test('what is called forced by the protocol is never above its wire floor, and the rest always is', () => {
  fc.assert(
    fc.property(scene, ({ suite, audience, permitted }) =>
      recipientUnder(suite, audience, permitted).fields.every(
        ({ cause, form, wireFloor }) =>
          (cause === 'protocol') === compareForms(form, wireFloor) <= 0,
      ),
    ),
  )
})

test('a label is what its schema says, whatever the suite and the policies', () => {
  fc.assert(
    fc.property(scene, ({ suite, permitted }) => {
      const label = labelUnder(suite, permitted)
      expect(labelSchema.parse(label)).toEqual(label)
    }),
  )
})
