import { expect, test } from 'vitest'
import {
  requireStatedTokenKeys,
  requireStatedTokenKeysIn,
} from '../../../src/pipeline/stated-token-keys.ts'
import { stageHandshake, type StagedUpdate } from '../../../src/rooms/staged-update.ts'
import { missingTokenKeys } from '../../../src/rooms/token-keys.ts'
import { encode } from '../../../src/wire/codec.ts'
import { tokenKeysCodec, type IssuerTokenKeys } from '../../../src/wire/mimi/token-keys.ts'
import { componentIds } from '../../../src/wire/mls/app-data.ts'
import type { Proposal } from '../../../src/wire/mls/proposal.ts'
import {
  componentUpdate,
  hubProposal,
  policedRoom,
  type PolicedRoom,
} from '../../support/policed-rooms.ts'
import { commitHandshake, followed, proposalsHandshake } from '../../support/rooms.ts'

const id = (octet: number) => Buffer.alloc(32, octet)
const keys = (issuer: string, ...octets: readonly number[]): IssuerTokenKeys => ({
  issuer,
  tokenType: 2,
  keyIds: octets.map(id),
})
const pins = (...entries: readonly IssuerTokenKeys[]) => encode(tokenKeysCodec, { entries })
const pinning = (...entries: readonly IssuerTokenKeys[]) =>
  componentUpdate(componentIds.tokenKeys, pins(...entries))

/** What the issuers' documents say; a test may let them say something else. */
const says = (...entries: readonly IssuerTokenKeys[]) => ({
  statedTokenKeys: (issuer: string) => entries.filter((entry) => entry.issuer === issuer),
})
const now = says(keys('a.example', 1), keys('b.example', 2, 3), keys('c.example', 4))

/** A room of a.example and b.example that pins these keys. */
function room(...entries: readonly IssuerTokenKeys[]): PolicedRoom {
  const { tokenKeys: componentId } = componentIds
  const components = entries.length === 0 ? [] : [{ componentId, data: pins(...entries) }]
  return policedRoom({ alice: 4, bob: 4 }, { components })
}

/** As a commit's own proposal, and as one that waits. */
function bothWays(of: PolicedRoom, proposal: Proposal): readonly StagedUpdate[] {
  return [of.commit('bob', [proposal]), of.propose('bob', proposal)]
}

test.each([
  ['keys of one provider in the room', [keys('b.example', 2, 3)], []],
  ['keys of both', [keys('a.example', 1), keys('b.example', 2, 3)], []],
  ['new ones for old ones', [keys('b.example', 2, 3)], [keys('b.example', 1, 2)]],
  ['one provider more', [keys('a.example', 1), keys('b.example', 2, 3)], [keys('a.example', 1)]],
  ['nothing of who has left', [keys('b.example', 2, 3)], [keys('c.example', 4)]],
])('stated keys may be pinned: %s', (_, entries, before) => {
  for (const staged of bothWays(room(...before), pinning(...entries)))
    expect(() => requireStatedTokenKeys(now, staged)).not.toThrow()
})

test.each([
  ['a key of its own', [keys('b.example', 9)], []],
  ['a key more', [keys('a.example', 1, 9)], []],
  ['a key less', [keys('b.example', 2)], []],
  ['another provider’s key', [keys('b.example', 4)], []],
  ['nobody’s keys', [keys('d.example', 4)], []],
  ['the keys of yesterday', [keys('b.example', 1, 2)], []],
  ['another type', [{ ...keys('a.example', 1), tokenType: 5 }], []],
  ['one provider less', [keys('b.example', 2, 3)], [keys('a.example', 1)]],
  ['nobody', [], [keys('a.example', 1)]],
])('other keys may not: %s', (_, entries, before) => {
  for (const staged of bothWays(room(...before), pinning(...entries)))
    expect(() => requireStatedTokenKeys(now, staged)).toThrow(
      expect.objectContaining({
        code: 'invalid-proposal',
        facts: { reason: 'token-keys-not-stated' },
      }),
    )
})

test('what waits may be committed though its issuer has moved on since', () => {
  const open = room()
  const bob = open.member('bob')
  const message = bob.propose(pinning(keys('b.example', 2, 3)))
  const waiting = followed(open.entry, proposalsHandshake(message))
  const staged = stageHandshake(waiting, commitHandshake(bob.commit()))
  expect(() => requireStatedTokenKeys(says(keys('b.example', 3, 5)), staged)).not.toThrow()
})

test('a hub with the capability proposes it, and a hub without it does not', () => {
  const open = policedRoom({ alice: 4, bob: 4 }, { roles: 'none' })
  const proposal = pinning(keys('b.example', 2, 3))
  const handshake = (of: PolicedRoom) => proposalsHandshake(hubProposal(of.member('bob'), proposal))
  expect(() => stageHandshake(open.entry, handshake(open))).not.toThrow()
  const closed = room()
  expect(() => stageHandshake(closed.entry, handshake(closed))).toThrow('not-permitted')
})

test('a room may begin with stated keys only', () => {
  expect(() =>
    requireStatedTokenKeysIn(now, room(keys('b.example', 2, 3)).entry.state),
  ).not.toThrow()
  expect(() => requireStatedTokenKeysIn(now, room(keys('b.example', 9)).entry.state)).toThrow(
    'invalid-group-info',
  )
})

test('a room lacks the keys of a sender’s issuer until they are what it states', () => {
  const { statedTokenKeys } = now
  const missing = (of: PolicedRoom, issuer: string) =>
    missingTokenKeys(of.entry.state, issuer, statedTokenKeys)
  expect(missing(room(), 'b.example')).toEqual(pins(keys('b.example', 2, 3)))
  expect(missing(room(keys('b.example', 2, 3)), 'b.example')).toBeUndefined()
  expect(missing(room(), 'silent.example')).toBeUndefined()
  const stale = room(keys('a.example', 7), keys('b.example', 1, 2), keys('c.example', 4))
  const renewed = pins(keys('a.example', 1), keys('b.example', 2, 3))
  expect(missing(stale, 'b.example')).toEqual(renewed)
})
