import { describe, expect, test } from 'vitest'
import { conflictsBetween } from '../../../src/metadata/conflicts.ts'
import { compareLists, compareSuites } from '../../../src/metadata/exposure.ts'
import {
  suiteOfTable,
  type PrivateSuite,
} from '../../../src/metadata/requirements/private-suite.ts'
import { builtIn, privateTable } from '../../support/requirements.ts'

const before = suiteOfTable(privateTable())

type Entry = PrivateSuite['entries'][number]

function changed(entry: Partial<Entry>, table: Partial<PrivateSuite> = {}) {
  const entries = privateTable().entries.map((cell) => ({ ...cell, ...entry }))
  return suiteOfTable(privateTable({ ...table, entries }))
}

describe('a suite compared with the one before', () => {
  const bucket = {
    field: 'message.time',
    floor: 'bucket',
    ceiling: 'bucket',
    width: 1_000,
  } as const
  const cases = [
    ['the same table', before, before, 'same'],
    ['a lower ceiling', before, changed({ ceiling: 'pseudonym-room' }), 'lower'],
    ['a higher floor', before, changed({ floor: 'exact' }), 'higher'],
    ['a longer retention', before, changed({ retentionDays: 8 }), 'higher'],
    ['a shorter retention', before, changed({ retentionDays: 0 }), 'lower'],
    ['one more purpose', before, changed({ purposes: ['delivery', 'moderation'] }), 'higher'],
    ['a wider bucket', changed(bucket), changed({ ...bucket, width: 2_000 }), 'lower'],
    ['a wider time bucket', before, changed({}, { timeBucketMs: 2_000 }), 'lower'],
    ['another audience', before, changed({ audience: 'follower' }), 'incomparable'],
    [
      'lower and longer',
      before,
      changed({ ceiling: 'pseudonym-room', retentionDays: 9 }),
      'incomparable',
    ],
    ['nothing at all', before, suiteOfTable(privateTable({ entries: [] })), 'lower'],
  ] as const
  test.each(cases)('%s', (...[, one, other, outcome]) => {
    expect(compareSuites(one, other)).toBe(outcome)
  })
})

describe('the list of an agreement compared with the one before', () => {
  const [bare, moderated] = builtIn.all
  if (bare === undefined || moderated === undefined) throw new Error('no suites')
  const cases = [
    ['a suite less that showed no more', [moderated, bare], [moderated], 'same'],
    ['a suite less that showed more', [bare, moderated], [bare], 'lower'],
    ['a suite more that shows no more', [moderated], [moderated, bare], 'same'],
    ['a suite more that shows more', [bare], [bare, moderated], 'higher'],
    ['another order', [bare, moderated], [moderated, bare], 'higher'],
    ['nothing', [moderated], [], 'lower'],
    ['something after nothing', [], [bare], 'higher'],
  ] as const
  test.each(cases)('%s', (...[, one, other, outcome]) => {
    expect(compareLists(one, other)).toBe(outcome)
  })
})

test('a conflict names field, audience and both intervals', () => {
  expect(conflictsBetween(before, changed({ floor: 'absent', ceiling: 'pseudonym-room' }))).toEqual(
    [
      {
        field: 'sender.user',
        audience: 'hub',
        hub: ['pseudonym-room', 'exact'],
        follower: ['absent', 'pseudonym-room'],
      },
    ],
  )
  expect(conflictsBetween(before, before)).toEqual([])
})
