import { describe, expect, test } from 'vitest'
import { wireFloor } from '../../../src/metadata/bare-minimum.ts'
import { excess } from '../../../src/metadata/excess.ts'
import { fieldList, fields } from '../../../src/metadata/fields.ts'
import { optionality, suiteEntry, type SuiteEntry } from '../../../src/metadata/suite.ts'
import { builtInSuites, isGrease, knownSuites, suiteDigest } from '../../../src/metadata/suites.ts'
import { audiences, compareForms } from '../../../src/model/metadata.ts'
import { declarations } from '../../../src/protocols/mimi/declarations.ts'

const suites = builtInSuites(declarations)

describe.each(suites.all.map((suite) => ({ name: suite.name, suite })))('$name', ({ suite }) => {
  test('has one entry for every field and audience', () => {
    const cells = suite.entries.map((entry) => [entry.field, entry.audience])
    expect(cells).toEqual(fieldList.flatMap(({ name }) => audiences.map((each) => [name, each])))
  })

  test('keeps each interval in order and within the forms of its field', () => {
    for (const entry of suite.entries) {
      expect(compareForms(entry.floor, entry.ceiling)).toBeLessThanOrEqual(0)
      const allowed = ['absent', ...fields[entry.field].forms]
      expect(allowed).toContain(entry.floor)
      expect(allowed).toContain(entry.ceiling)
    }
  })

  test('has a purpose for every entry and keeps nothing that it forbids', () => {
    expect(suite.entries.filter((entry) => entry.purposes.length === 0)).toEqual([])
    const forbidden = suite.entries.filter((entry) => optionality(entry) === 'forbidden')
    expect(forbidden.filter((entry) => entry.retentionDays !== 0)).toEqual([])
  })

  test('has a width wherever a number may be bucketed', () => {
    const bucketed = suite.entries.filter(
      (entry) =>
        fields[entry.field].bucket !== 'label' &&
        (entry.ceiling === 'bucket' || isBucketedSomewhere(entry)),
    )
    expect(bucketed.filter((entry) => (entry.width ?? 0) <= 0)).toEqual([])
  })

  test('buckets time for followers exactly where its property says so', () => {
    const entry = suiteEntry(suite, 'message.time', 'follower')
    expect(suite.timeBucketMs).toBe(entry?.ceiling === 'bucket' ? entry.width : 1)
  })

  test('requires franks exactly where franks and franking tags are required entries', () => {
    for (const field of ['message.frank', 'message.frankingTag'] as const) {
      const entry = suiteEntry(suite, field, 'follower')
      expect(entry !== undefined && optionality(entry) === 'required').toBe(suite.requiresFrank)
    }
  })

  test('asks for pseudonymous credentials where the hub may see no name', () => {
    const ceiling = suiteEntry(suite, 'participants.list', 'hub')?.ceiling
    expect(suite.pseudonymousCredentials).toBe(ceiling === 'exact' ? 'forbidden' : 'required')
  })

  test('shows no follower the sender of an application message', () => {
    expect(suiteEntry(suite, 'sender.user', 'follower')?.ceiling).toBe('absent')
  })

  test('shows nobody a network address', () => {
    for (const audience of audiences)
      expect(suiteEntry(suite, 'sender.network', audience)?.ceiling).toBe('absent')
  })
})

test('suites are found by name and by code', () => {
  expect(suites.suiteByName('moderated-pseudonyms')?.code).toBe(0x0002)
  expect(suites.suiteByCode(0x0004)?.name).toBe('compliance')
  expect(suites.suiteByName('unheard-of')).toBeUndefined()
})

test('GREASE and unknown codes are ignored and the order of a list is kept', () => {
  const codes = [0x0a0a, 0x0003, 0x1a2a, 0xf123, 0x0002]
  expect(knownSuites(suites, codes).map((suite) => suite.code)).toEqual([0x0003, 0x0002])
  expect(codes.map(isGrease)).toEqual([true, false, true, false, false])
})

test('bare-minimum is the wire floor and has no excess', () => {
  const bare = suites.suiteByCode(0x0001)
  if (bare === undefined) throw new Error('no suite 0x0001')
  for (const entry of bare.entries)
    expect(entry.ceiling).toBe(wireFloor(declarations, entry.field, entry.audience))
  expect(excess(bare, declarations)).toEqual([])
  expect(bare.pseudonymousCredentials).toBe('required')
})

test('the excess of moderated-pseudonyms names the frank as always shown, and no identity', () => {
  const suite = suites.suiteByName('moderated-pseudonyms')
  if (suite === undefined) throw new Error('no suite')
  const entries = excess(suite, declarations)
  expect(entries).toContainEqual(
    expect.objectContaining({ field: 'message.frank', audience: 'follower', kind: 'required' }),
  )
  const identities = ['sender.user', 'sender.client', 'participants.list', 'participants.changes']
  const names = entries.filter(
    (entry) => identities.includes(entry.field) && entry.ceiling === 'exact',
  )
  expect(names).toEqual([])
})

test('compliance shows followers no more of anybody than identified does, but the organisation', () => {
  const identified = suites.suiteByName('identified')
  const compliance = suites.suiteByName('compliance')
  if (identified === undefined || compliance === undefined) throw new Error('no suite')
  const more = compliance.entries.filter((entry) => {
    const other = suiteEntry(identified, entry.field, 'follower')
    return (
      entry.audience === 'follower' && compareForms(entry.ceiling, other?.ceiling ?? 'absent') > 0
    )
  })
  expect(more.map((entry) => entry.field)).toEqual(['sender.organisation'])
})

test('the digest of a suite tells suites apart and leaves its prose out', () => {
  const digests = suites.all.map((suite) => suiteDigest(suite).toString('hex'))
  expect(new Set(digests).size).toBe(suites.all.length)
  const [first] = suites.all
  if (first === undefined) throw new Error('no suites')
  expect(suiteDigest({ ...first, summary: 'other words' })).toEqual(suiteDigest(first))
  expect(suiteDigest({ ...first, timeBucketMs: 7 })).not.toEqual(suiteDigest(first))
})

/** Whether an operation can do with a bucket, even if another one needs more. */
function isBucketedSomewhere({ field, audience, ceiling }: SuiteEntry): boolean {
  return declarations.some(
    (declared) =>
      declared.field === field &&
      declared.audience === audience &&
      declared.wireFloor === 'bucket' &&
      ceiling !== 'absent',
  )
}
