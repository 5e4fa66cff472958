import { expect, test } from 'vitest'
import { exportMigrations } from '../../../src/exports/count-tables.ts'
import { transparencyCsv } from '../../../src/exports/counts.ts'

test('CSV has the names of its columns, and a line for each number', () => {
  const rows = [{ measure: 'reports', dimension: 'total', value: '', number: 7 }]
  expect(transparencyCsv({ rows })).toBe('measure,dimension,value,number\r\nreports,total,,7\r\n')
})

test('no column of the counts could name a person, a room or a report', () => {
  const [table = ''] = exportMigrations.map(({ sql }) => sql.split(') STRICT')[0] ?? '')
  const columns = [...table.matchAll(/^ +(\w+) (?:TEXT|INTEGER)/gm)].map(([, name]) => name)
  expect(columns).toEqual(['month', 'measure', 'dimension', 'value', 'number'])
})
