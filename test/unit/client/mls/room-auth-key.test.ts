import { expect, test } from 'vitest'
import { mlsSuite } from '../../../../src/mls-crypto/suite.ts'
import type { MlsGroup } from '../../../../src/client/mls/mls-group.ts'
import { roomAuthKeyExtension, roomAuthKeyPair } from '../../../../src/client/mls/room-auth-key.ts'
import { extensionTypes } from '../../../../src/wire/mls/extension.ts'
import { commitAndFollow, groupOf } from '../../../support/mls-members.ts'

const users = ['alice', 'bob', 'carol'].map((name) => `mimi://${name[0]}.example/u/${name}`)

const keyOf = ({ current }: MlsGroup) => roomAuthKeyPair(current).publicKey

test.each([1, 2, 3])('in suite %i all members have the same key, however they joined', (code) => {
  const members = groupOf(users, mlsSuite(code))
  const keys = members.map(keyOf)
  expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1)
  expect(keys[0]).toHaveLength(32)
})

test('each epoch has another one, and whom a commit removes is left with the old one', () => {
  const [alice, bob, carol] = groupOf(users)
  if (!alice || !bob || !carol) throw new Error('no group')
  const before = keyOf(alice)
  const left = carol.current
  const removed = carol.ownLeafIndex
  const staged = commitAndFollow([alice, bob, carol], [{ kind: 'remove', removed }])
  expect(keyOf(alice)).not.toEqual(before)
  expect(keyOf(bob)).toEqual(keyOf(alice))
  expect(carol.isMember).toBe(false)
  expect(roomAuthKeyPair(left).publicKey).toEqual(before)
  // The committer knows it before anybody else does: so it can hand it in with the commit.
  expect(roomAuthKeyPair(staged.next).publicKey).toEqual(keyOf(bob))
})

test('two groups of the same members have different keys', () => {
  const [one, other] = [groupOf(users)[0], groupOf(users)[0]]
  if (!one || !other) throw new Error('no group')
  expect(keyOf(one)).not.toEqual(keyOf(other))
})

test('a hub is shown the public half', () => {
  const [alice] = groupOf(users)
  if (!alice) throw new Error('no group')
  const { type, data } = roomAuthKeyExtension(alice.current)
  expect(type).toBe(extensionTypes.roomAuthKey)
  expect(data).toEqual(keyOf(alice))
})
