import { expect, test } from 'vitest'
import { places } from '../../../../src/metadata/labels/label.ts'
import { sightsFrom, sightsOfRoom } from '../../../../src/metadata/labels/sights.ts'
import { operations } from '../../../../src/model/exchange.ts'
import { declarations } from '../../../../src/protocols/mimi/declarations.ts'

const parties = ['hub', 'follower', 'target'] as const

test('everything that a protocol shows to another provider is in some label', () => {
  const covered = places.flatMap((place) =>
    parties.flatMap((audience) => {
      const { requests, answers } = sightsFrom(place, audience)
      return [
        ...requests.map((operation) => `${operation} request ${audience}`),
        ...answers.map((operation) => `${operation} response ${audience}`),
      ]
    }),
  )
  const declared = declarations.map(
    ({ operation, part, audience }) => `${operation} ${part} ${audience}`,
  )
  expect([...new Set(declared)].filter((cell) => !covered.includes(cell))).toEqual([])
  expect(covered.filter((cell) => !declared.includes(cell))).toEqual([])
})

test('the journal of a room looks at every operation that can be of a room', () => {
  const outside = ['identifierQuery', 'proxyDownload']
  const { requests, answers } = sightsOfRoom('archive')
  expect(requests.toSorted()).toEqual(
    operations.filter((operation) => !outside.includes(operation)).toSorted(),
  )
  expect(answers).toEqual(requests)
})
