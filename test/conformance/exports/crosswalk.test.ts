import { expect, test } from 'vitest'
import { elsewhere } from '../../../src/exports/crosswalk.ts'
import { crosswalkRows } from '../../support/crosswalk.ts'
import { vectorJson } from '../../support/vectors.ts'
import { xarfCheck } from '../../support/xarf-schema.ts'

const rows = crosswalkRows()

test.runIf(rows !== undefined)('what categories are called elsewhere is of the crosswalk', () => {
  for (const row of rows ?? []) {
    const names = elsewhere(row.get('our_code') ?? '')
    const xarf = row.get('xarf') ?? ''
    expect([row.get('our_code'), names]).toEqual([
      row.get('our_code'),
      {
        ...(row.get('dsa_category') !== '' && {
          dsa: row.get('dsa_category')?.replace('STATEMENT_CATEGORY_', ''),
        }),
        ...(row.get('dsa_keyword') !== '' && {
          keyword: row.get('dsa_keyword')?.replace('KEYWORD_', ''),
        }),
        arf: row.get('arf_feedback_type'),
        ...(xarf !== '' && { xarf: xarfTypes.find(([words]) => xarf.includes(words))?.[1] }),
      },
    ])
  }
})

const xarfTypes = [
  ['messaging/spam', 'spam'],
  ['messaging/bulk_messaging', 'bulk'],
  ['needs url', 'url'],
] as const

const sample = vectorJson('reports/xarf-v4/samples/mimi-spam-our-mapping.json')

test.runIf(sample !== undefined)('the sample of a mapped report is valid as ours are', () => {
  expect(xarfCheck()?.(Reflect.get(Object(sample), 'report'))).toEqual([])
})
