import { describe, expect, test } from 'vitest'
import { applyAppDataUpdates, readDictionary } from '../../../src/rooms/app-data-changes.ts'
import { readRoomComponents } from '../../../src/rooms/room-components.ts'
import { encode } from '../../../src/wire/codec.ts'
import { frankingAgentDataCodec } from '../../../src/wire/mimi/franking.ts'
import {
  participantListDataCodec,
  participantListUpdateCodec,
  type ParticipantListUpdate,
} from '../../../src/wire/mimi/participant-list.ts'
import { roomMetaDataCodec } from '../../../src/wire/mimi/room-metadata.ts'
import { tokenKeysCodec } from '../../../src/wire/mimi/token-keys.ts'
import {
  appDataDictionaryCodec,
  componentData,
  componentIds,
  type AppDataUpdate,
  type ComponentData,
} from '../../../src/wire/mls/app-data.ts'
import type { Extension } from '../../../src/wire/mls/extension.ts'

const [alice, bob, carol, dave] = ['alice', 'bob', 'carol', 'dave'].map(
  (name) => `mimi://a.example/u/${name}`,
) as [string, string, string, string]

const dictionaryOf = (...components: readonly ComponentData[]): readonly Extension[] => [
  { type: 5, data: Buffer.from([0]) },
  { type: 6, data: encode(appDataDictionaryCodec, { componentData: components }) },
  { type: 7, data: Buffer.alloc(0) },
]
const list = (...users: readonly (readonly [string, number])[]): ComponentData => ({
  componentId: componentIds.participantList,
  data: encode(participantListDataCodec, {
    participants: users.map(([user, roleIndex]) => ({ user, roleIndex })),
  }),
})
const update = (componentId: number, bytes: Buffer): AppDataUpdate => ({
  componentId,
  operation: { kind: 'update', update: bytes },
})
const keysOf = (issuer: string): Buffer =>
  encode(tokenKeysCodec, { entries: [{ issuer, tokenType: 2, keyIds: [Buffer.alloc(32)] }] })
const listUpdate = (changes: Partial<ParticipantListUpdate>): AppDataUpdate =>
  update(
    componentIds.participantList,
    encode(participantListUpdateCodec, {
      changedRoleParticipants: [],
      removedIndices: [],
      addedParticipants: [],
      ...changes,
    }),
  )

const after = (before: readonly Extension[], ...updates: readonly AppDataUpdate[]) =>
  readDictionary(applyAppDataUpdates(before, updates), 'invalid-commit')

function participantsAfter(...updates: readonly AppDataUpdate[]) {
  const before = dictionaryOf(list([alice, 1], [bob, 2], [carol, 3]))
  const dictionary = readDictionary(applyAppDataUpdates(before, updates), 'invalid-commit')
  const { participants = [] } = readRoomComponents(dictionary, 'invalid-commit')
  return participants.map(({ user, roleIndex }) => [user, roleIndex])
}

describe('participants', () => {
  test('change roles, leave and come in, in that order', () => {
    const changes = {
      changedRoleParticipants: [{ userIndex: 2, roleIndex: 9 }],
      removedIndices: [0],
      addedParticipants: [{ user: dave, roleIndex: 4 }],
    }
    expect(participantsAfter(listUpdate(changes))).toEqual([
      [bob, 2],
      [carol, 9],
      [dave, 4],
    ])
  })

  test('are named by their index before the commit in each of its updates', () => {
    const first = listUpdate({ removedIndices: [0] })
    const second = listUpdate({ removedIndices: [1] })
    expect(participantsAfter(first, second)).toEqual([[carol, 3]])
  })

  test('are touched once by all updates of a commit', () => {
    const removal = listUpdate({ removedIndices: [1] })
    const others: readonly Partial<ParticipantListUpdate>[] = [
      { removedIndices: [1] },
      { changedRoleParticipants: [{ userIndex: 1, roleIndex: 1 }] },
      { addedParticipants: [{ user: bob, roleIndex: 1 }] },
    ]
    for (const other of others)
      expect(() => participantsAfter(removal, listUpdate(other))).toThrow('invalid-proposal')
  })

  test('may come into a list that was not there', () => {
    const added = listUpdate({ addedParticipants: [{ user: dave, roleIndex: 1 }] })
    const dictionary = readDictionary(applyAppDataUpdates([], [added]), 'invalid-commit')
    expect(readRoomComponents(dictionary, 'invalid-commit').participants).toEqual([
      { user: dave, roleIndex: 1 },
    ])
  })
})

describe('components', () => {
  const agent = encode(frankingAgentDataCodec, {
    frankingSignatureKey: Buffer.alloc(32),
    credential: { kind: 'basic', identity: Buffer.from('mimi://a.example') },
  })

  test('are replaced in place, and the other extensions stay as they are', () => {
    const before = dictionaryOf({ componentId: 0x9000, data: Buffer.from('a') })
    const extensions = applyAppDataUpdates(before, [update(0x9000, Buffer.from('b'))])
    expect(extensions.map(({ type }) => type)).toEqual([5, 6, 7])
    expect(extensions[0]).toEqual(before[0])
    expect(componentData(readDictionary(extensions, 'invalid-commit'), 0x9000)).toEqual(
      Buffer.from('b'),
    )
    expect(applyAppDataUpdates(before, [])).toBe(before)
  })

  test('are taken out', () => {
    const before = dictionaryOf({ componentId: 0x9000, data: Buffer.from('a') })
    const removal = { componentId: 0x9000, operation: { kind: 'remove' } } as const
    expect(after(before, removal)).toEqual({ componentData: [] })
    expect(() => after(before, removal, removal)).toThrow('invalid-proposal')
    expect(() => after(before, removal, update(0x9000, Buffer.from('b')))).toThrow(
      'invalid-proposal',
    )
  })

  test('a franking agent comes once and stays', () => {
    const one = update(componentIds.frankingAgent, agent)
    const extensions = applyAppDataUpdates([], [one])
    const dictionary = readDictionary(extensions, 'invalid-commit')
    expect(readRoomComponents(dictionary, 'invalid-commit').frankingAgent).toEqual(agent)
    const { frankingAgent: componentId } = componentIds
    for (const again of [one, { componentId, operation: { kind: 'remove' } } as const])
      expect(() => applyAppDataUpdates(extensions, [again])).toThrow('invalid-proposal')
    expect(() => after([], update(componentId, Buffer.alloc(1)))).toThrow('invalid-proposal')
  })

  test('token keys are replaced and never taken away', () => {
    const { tokenKeys: componentId } = componentIds
    const before = dictionaryOf({ componentId, data: keysOf('a.example') })
    const dictionary = after(before, update(componentId, keysOf('b.example')))
    expect(componentData(dictionary, componentId)).toEqual(keysOf('b.example'))
    const removal = { componentId, operation: { kind: 'remove' } } as const
    expect(() => after(before, removal)).toThrow('invalid-proposal')
  })

  test('metadata of the room is replaced as a whole', () => {
    const data = encode(roomMetaDataCodec, {
      roomUri: 'mimi://a.example/r/clubhouse',
      roomName: 'Clubhouse',
      roomDescriptions: [],
      roomAvatar: '',
      roomSubject: '',
      roomMood: '',
    })
    const dictionary = after(dictionaryOf(), update(componentIds.roomMetadata, data))
    expect(componentData(dictionary, componentIds.roomMetadata)).toEqual(data)
    expect(readRoomComponents(dictionary, 'invalid-commit').participants).toBeUndefined()
  })

  test.each([
    componentIds.participantList,
    componentIds.frankingAgent,
    componentIds.roomMetadata,
    componentIds.tokenKeys,
  ])('component %i of a room is refused where it is malformed', (componentId) => {
    const dictionary = { componentData: [{ componentId, data: Buffer.from([7]) }] }
    expect(() => readRoomComponents(dictionary, 'invalid-group-info')).toThrow('invalid-group-info')
    expect(() => after([], update(componentId, Buffer.from([7])))).toThrow('invalid-proposal')
  })

  test('a dictionary that is malformed is refused', () => {
    const malformed = [{ type: 6, data: Buffer.from([9]) }]
    expect(() => readDictionary(malformed, 'invalid-group-info')).toThrow('invalid-group-info')
  })
})
