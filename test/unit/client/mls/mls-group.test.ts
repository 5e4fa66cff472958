import { describe, expect, test } from 'vitest'
import { mlsSuite } from '../../../../src/mls-crypto/suite.ts'
import {
  addAll,
  agree,
  commitAndFollow,
  groupOf,
  keyPackageOf,
} from '../../../support/mls-members.ts'

const users = ['alice', 'bob', 'carol'].map((name) => `mimi://a.example/u/${name}`)

describe('a group of three', () => {
  test.each([1, 2, 3, 4, 5, 6, 7])('agrees on its secrets in suite %i', (code) => {
    const members = groupOf(users, mlsSuite(code))
    expect(agree(members)).toBe(true)
    commitAndFollow(members)
    commitAndFollow(members.toReversed())
    expect(agree(members)).toBe(true)
    expect(members.map((member) => member.context.epoch)).toEqual([3n, 3n, 3n])
  })

  test('sends and reads application messages, out of order too', () => {
    const [alice, bob, carol] = groupOf(users)
    if (!alice || !bob || !carol) throw new Error('no group')
    const messages = ['one', 'two', 'three'].map((text) => alice.protect(Buffer.from(text)))
    const read = (index: number) => bob.unprotect(messages[index]!).applicationData.toString()
    expect([read(2), read(0), read(1)]).toEqual(['three', 'one', 'two'])
    expect(() => read(0)).toThrow('generation-consumed')
    expect(carol.unprotect(messages[1]!).leafIndex).toBe(0)
  })

  test('grows and shrinks', () => {
    let members = groupOf(users)
    for (const name of ['dave', 'erin', 'frank']) {
      members = [...members, ...addAll(members, [keyPackageOf(`mimi://a.example/u/${name}`)])]
      expect(agree(members)).toBe(true)
      members = [...members.slice(1), ...members.slice(0, 1)]
    }
    for (const removed of [1, 3]) {
      const committer = members.find((member) => member.ownLeafIndex !== removed)!
      const others = members.filter((member) => member !== committer)
      commitAndFollow([committer, ...others], [{ kind: 'remove', removed }])
      members = members.filter((member) => member.isMember)
      expect(agree(members)).toBe(true)
    }
    expect(members).toHaveLength(4)
    members = [...members, ...addAll(members, [keyPackageOf('mimi://a.example/u/gina')])]
    expect(agree(members)).toBe(true)
  })
})
