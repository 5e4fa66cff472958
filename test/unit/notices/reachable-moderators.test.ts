import { expect, test } from 'vitest'
import { parseProviderDomain } from '../../../src/model/ids.ts'
import { reachableModerators } from '../../../src/notices/reachable-moderators.ts'

const self = parseProviderDomain('a.example')
const alice = 'mimi://a.example/u/alice'
const anna = 'mimi://a.example/u/anna'
const adam = 'mimi://a.example/u/adam'
const bob = 'mimi://b.example/u/bob'
const people = {
  participants: [alice, anna, adam, bob].map((user) => ({ user })),
  moderators: [alice, anna, bob],
}
const reached = (subject: string) => reachableModerators(people, { self, subject })

test.each([
  ['a user of another provider reaches our own', bob, [alice, anna]],
  ['a user of ours who does not moderate reaches all of ours', adam, [alice, anna]],
  ['a moderator of ours does not reach that moderator', alice, [anna]],
  ['somebody of another provider who left reaches our own', 'mimi://c.example/u/x', [alice, anna]],
  ['a pseudonym of the day of ours reaches nobody', `mimi://a.example/u/e~${'A'.repeat(22)}`, []],
  ['a user of ours whom the room knows by no such name reaches nobody', `${adam}2`, []],
  ['a handle reaches nobody', 'f'.repeat(32), []],
])('a report about %s', (_, subject, expected) => {
  expect(reached(subject)).toEqual(expected)
})
