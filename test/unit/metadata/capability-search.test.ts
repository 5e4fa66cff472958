import { describe, expect, test } from 'vitest'
import { capabilities, capabilityById } from '../../../src/metadata/capabilities.ts'
import {
  leastExposing,
  servedBy,
  type LeastExposure,
} from '../../../src/metadata/capability-search.ts'
import { fields } from '../../../src/metadata/fields.ts'
import { builtInSuites } from '../../../src/metadata/suites.ts'
import { declarations } from '../../../src/protocols/mimi/declarations.ts'

const suites = builtInSuites(declarations)
const wanted = (...ids: string[]) => ids.map((id) => found(capabilityById(id)))
const suiteNamed = (name: string) => found(suites.suiteByName(name))
const names = (least: LeastExposure) => least.candidates.map(({ suite }) => suite.name)
const kinds = (suite: string) =>
  Object.fromEntries(
    servedBy(suiteNamed(suite)).map((served) => [served.capability.id, served.kind]),
  )

test('each capability has an id of its own and needs forms that its fields have', () => {
  expect(new Set(capabilities.map(({ id }) => id)).size).toBe(capabilities.length)
  for (const { needs } of capabilities)
    for (const { field, form } of needs) expect(fields[field].forms).toContain(form)
})

describe('what a suite serves', () => {
  test('the bare minimum limits peers and has no verified reports', () => {
    expect(kinds('bare-minimum')).toMatchObject({
      'limit-peer': 'guaranteed',
      'report-one-message': 'missing',
      'compliance-journal': 'missing',
    })
  })

  test('moderated pseudonyms serve the moderation that needs no identity', () => {
    expect(kinds('moderated-pseudonyms')).toMatchObject({
      'limit-sender': 'guaranteed',
      // Where policies ask for pseudonyms of the room, not of the day.
      'ban-from-room': 'possible',
      'report-one-message': 'possible',
      'ban-across-rooms': 'missing',
      'compliance-journal': 'missing',
    })
  })

  test('only compliance requires a journal', () => {
    expect(kinds('identified')['compliance-journal']).toBe('possible')
    expect(kinds('compliance')['compliance-journal']).toBe('guaranteed')
  })

  test('what is missing is named with the most that the suite shows', () => {
    const served = servedBy(suiteNamed('moderated-pseudonyms'))
    const ban = served.find(({ capability }) => capability.id === 'ban-across-rooms')
    expect(ban).toMatchObject({
      missing: [
        { field: 'sender.user', audience: 'hub', form: 'exact', ceiling: 'pseudonym-room' },
        { field: 'participants.list', audience: 'hub', form: 'exact', ceiling: 'pseudonym-room' },
      ],
    })
  })
})

describe('what wanted capabilities take', () => {
  test('a verified report takes moderated pseudonyms, not identity', () => {
    const least = leastExposing(wanted('report-one-message'), suites.all)
    expect(names(least)).toEqual(['moderated-pseudonyms', 'identified', 'compliance'])
  })

  test('a compliance journal takes compliance', () => {
    const least = leastExposing(wanted('compliance-journal'), suites.all)
    expect(least.candidates[0]).toMatchObject({ suite: { name: 'compliance' }, kind: 'guaranteed' })
  })

  test('of two forms of one field the clearer one counts', () => {
    const { needs } = leastExposing(wanted('limit-sender', 'ban-across-rooms'), suites.all)
    expect(needs.filter(({ field }) => field === 'sender.user')).toEqual([
      { field: 'sender.user', audience: 'hub', form: 'exact' },
    ])
  })

  test('a capability that is wanted twice takes no more than once', () => {
    const once = leastExposing(wanted('limit-room'), suites.all)
    expect(leastExposing(wanted('limit-room', 'limit-room'), suites.all)).toEqual(once)
  })
})

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not found')
  return value
}
