import { expect, test } from 'vitest'
import { reportCategories } from '../../../src/reports/categories.ts'
import { triage } from '../../../src/reports/cases/triage.ts'
import { crosswalkRows } from '../../support/crosswalk.ts'

const rows = crosswalkRows()

test.runIf(rows !== undefined)(
  'severity and isolation of each category are of the crosswalk',
  () => {
    expect(rows?.map((row) => row.get('our_code'))).toEqual(reportCategories)
    for (const row of rows ?? []) {
      const code = row.get('our_code') ?? ''
      const { severity, isolated } = triage(code)
      expect([code, severity, isolated]).toEqual([
        code,
        Number(row.get('default_severity')),
        row.get('restricted_routing') === 'isolated',
      ])
    }
  },
)
