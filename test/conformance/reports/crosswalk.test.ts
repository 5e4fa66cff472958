import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { reportCategories } from '../../../src/reports/categories.ts'
import { triage } from '../../../src/reports/cases/triage.ts'
import { vectorPath } from '../../support/vectors.ts'

const path = vectorPath('reports/taxonomy/crosswalk.csv')

/** Columns by name; a field in quotes may hold commas. */
function rowsOf(file: string): readonly ReadonlyMap<string, string>[] {
  const [head = '', ...lines] = readFileSync(file, 'utf8').trim().split('\n')
  const names = head.split(',')
  return lines
    .filter((line) => line.includes(','))
    .map((line) => {
      const fields = [...line.matchAll(/("[^"]*"|[^,]*)(,|$)/g)].map(([, field = '']) => field)
      return new Map(names.map((name, at) => [name, fields[at] ?? '']))
    })
}

test.runIf(path !== undefined)(
  'severity and isolation of each category are of the crosswalk',
  () => {
    const rows = rowsOf(path ?? '')
    expect(rows.map((row) => row.get('our_code'))).toEqual(reportCategories)
    for (const row of rows) {
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
