import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { generateSignatureKeyPair } from '../../../src/mls-crypto/signatures.ts'
import { mlsSuite } from '../../../src/mls-crypto/suite.ts'
import { addParticipants } from '../../../src/client/mimi/participant-changes.ts'
import { createKeyPackage } from '../../../src/client/mls/key-package.ts'
import { leafExtensions } from '../../../src/client/mls/leaf-extensions.ts'
import { builtInSuites, suiteDigest } from '../../../src/metadata/suites.ts'
import { declarations } from '../../../src/protocols/mimi/declarations.ts'
import { checkNewRoom } from '../../../src/rooms/check-policy.ts'
import { encode } from '../../../src/wire/codec.ts'
import { metadataRequirementsCodec } from '../../../src/wire/mimi/metadata-requirements.ts'
import { componentIds, componentListCodec } from '../../../src/wire/mls/app-data.ts'
import type { Proposal } from '../../../src/wire/mls/proposal.ts'
import { NOW_MS } from '../../support/mls-members.ts'
import { componentUpdate, policedRoom } from '../../support/policed-rooms.ts'

const suites = builtInSuites(declarations)
const { metadataRequirements, appComponents } = componentIds
const newcomer = 'mimi://f.example/u/frank'

function pinData(name: string, digest?: Buffer): Buffer {
  const suite = suites.suiteByName(name)
  if (suite === undefined) throw new Error('no suite')
  return encode(metadataRequirementsCodec, {
    suite: suite.code,
    suiteDigest: digest ?? suiteDigest(suite),
  })
}

function listData(...components: readonly number[]): Buffer {
  return encode(componentListCodec, { components })
}

/** Alice and Bob, whose clients list all suites, in a room with a pin. */
function pinnedRoom(mode: 'strict' | 'vouched', name = 'identified') {
  const listed = mode === 'strict' ? [appComponents, metadataRequirements] : [appComponents]
  return policedRoom(
    { alice: 4, bob: 2 },
    {
      roles: 'none',
      suites,
      components: [
        { componentId: appComponents, data: listData(...listed) },
        { componentId: metadataRequirements, data: pinData(name) },
      ],
    },
  )
}

/** The Add of a client whose leaf lists these suites; undefined: it says nothing. */
function addOf(listed: readonly number[] | undefined): Proposal {
  const signer = generateSignatureKeyPair(mlsSuite(1))
  const { keyPackage } = createKeyPackage(
    mlsSuite(1),
    { signer, credential: { kind: 'basic', identity: Buffer.from(newcomer) } },
    { nowMs: NOW_MS, randomness: randomBytes, leafExtensions: leafExtensions(listed) },
  )
  return { kind: 'add', keyPackage }
}

const join = (listed: readonly number[] | undefined) => [
  addParticipants([{ user: newcomer, roleIndex: 2 }]),
  addOf(listed),
]
const repin = (name: string) => componentUpdate(metadataRequirements, pinData(name))
const notMet = (reason: string, code = 'suite-not-met') =>
  expect.objectContaining({ code, facts: { reason } }) as Error

describe('the pin of a room', () => {
  test('is part of its state', () => {
    const digest = pinData('identified').subarray(-32)
    expect(pinnedRoom('strict').entry.state.pin).toEqual({ mode: 'strict', suite: 3, digest })
    expect(pinnedRoom('vouched').entry.state.pin).toMatchObject({ mode: 'vouched' })
    expect(policedRoom({ alice: 4 }).entry.state.pin).toBeUndefined()
  })

  test('is the suite of a new room, whatever else was named', () => {
    expect(checkNewRoom(pinnedRoom('strict', 'compliance').entry, suites).suite).toBe('compliance')
  })

  test.each([
    ['a suite that we do not know', Buffer.from(`777720${'00'.repeat(32)}`, 'hex')],
    ['another table under a code that we know', pinData('identified', Buffer.alloc(32))],
  ])('cannot be %s', (_, data) => {
    const components = [{ componentId: metadataRequirements, data }]
    const { entry } = policedRoom({ alice: 4 }, { components })
    expect(() => checkNewRoom(entry, suites)).toThrow('suite-unavailable')
    const update = componentUpdate(metadataRequirements, data)
    expect(() => pinnedRoom('strict').commit('alice', [update])).toThrow('suite-unavailable')
  })
})

describe('strict: a client comes in', () => {
  test('where its leaf lists the suite', () => {
    expect(pinnedRoom('strict').commit('alice', join([1, 3])).kind).toBe('commit')
  })

  test.each([
    ['lists others', [1, 2], 'suite-not-listed'],
    ['lists none', [], 'suite-not-listed'],
    ['says nothing', undefined, 'suite-not-said'],
  ])('and is refused where it %s', (_, listed, reason) => {
    const room = pinnedRoom('strict')
    const before = room.entry.state
    expect(() => room.commit('alice', join(listed))).toThrow(notMet(reason))
    expect(() => room.propose('bob', addOf(listed))).toThrow(notMet(reason))
    expect(room.entry.state).toBe(before)
  })
})

describe('vouched: a client comes in', () => {
  test.each([[[3]], [undefined]])('where its leaf lists the suite or says nothing', (listed) => {
    expect(pinnedRoom('vouched').commit('alice', join(listed)).kind).toBe('commit')
  })

  test('and is refused where it lists others', () => {
    expect(() => pinnedRoom('vouched').commit('alice', join([2]))).toThrow(
      notMet('suite-not-listed'),
    )
  })
})

describe('a change of the pin', () => {
  test('changes the suite of the room where every leaf lists the new one', () => {
    const staged = pinnedRoom('strict').commit('alice', [repin('compliance')])
    expect(staged.after.state).toMatchObject({ suite: 'compliance', pin: { suite: 4 } })
  })

  test('is refused while a leaf would not meet it', () => {
    const room = pinnedRoom('strict')
    expect(() => room.commit('alice', [...join([3]), repin('compliance')])).toThrow(
      notMet('suite-not-listed'),
    )
  })

  test('cannot take it away, nor leave it to the providers', () => {
    const room = pinnedRoom('strict')
    expect(() => room.propose('alice', componentUpdate(metadataRequirements))).toThrow(
      'invalid-proposal',
    )
    const weaker = componentUpdate(appComponents, listData(appComponents))
    expect(() => room.commit('alice', [weaker])).toThrow(notMet('pin-weakened'))
  })

  test('from vouched to strict asks every leaf', () => {
    const stricter = componentUpdate(appComponents, listData(appComponents, metadataRequirements))
    expect(pinnedRoom('vouched').commit('alice', [stricter]).after.state.pin).toMatchObject({
      mode: 'strict',
    })
    expect(() => pinnedRoom('vouched').commit('alice', [...join(undefined), stricter])).toThrow(
      notMet('suite-not-said'),
    )
  })

  test('pins a room that had no pin', () => {
    const room = policedRoom({ alice: 4, bob: 2 }, { roles: 'none', suites })
    const staged = room.commit('alice', [repin('identified')])
    expect(staged.after.state).toMatchObject({ suite: 'identified', pin: { mode: 'vouched' } })
  })
})
