import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../../src/model/errors.ts'
import { stageHandshake, type RoomEntry } from '../../../src/rooms/staged-update.ts'
import { decode, encode } from '../../../src/wire/codec.ts'
import { WireError } from '../../../src/wire/errors.ts'
import { framedMessage } from '../../../src/wire/mls/header.ts'
import { mlsMessageCodec } from '../../../src/wire/mls/message.ts'
import { groupOf, keyPackageOf } from '../../support/mls-members.ts'
import {
  commitHandshake,
  proposalsHandshake,
  publicBytes,
  roomEntry,
  type CommitHandshake,
} from '../../support/rooms.ts'

const users = ['alice', 'bob', 'carol', 'dave', 'erin'].map((name) => `mimi://a.example/u/${name}`)

function roomWithCommit(): { readonly entry: RoomEntry; readonly handshake: CommitHandshake } {
  const [alice, bob] = groupOf(users)
  if (!alice || !bob) throw new Error('no group')
  const { keyPackage } = keyPackageOf(users[0] ?? '')
  const proposals = [
    { kind: 'add', keyPackage },
    { kind: 'remove', removed: 3 },
  ] as const
  return { entry: roomEntry(alice), handshake: commitHandshake(alice.commit({ proposals })) }
}

function* flips(bytes: Buffer): Generator<Buffer> {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const mutant = Buffer.from(bytes)
    mutant[bit >> 3] = (mutant[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    yield mutant
  }
}

/** True where the handshake is accepted; anything but a coded refusal is thrown on. */
function accepts(entry: RoomEntry, attempt: () => Parameters<typeof stageHandshake>[1]): boolean {
  try {
    stageHandshake(entry, attempt())
    return true
  } catch (error) {
    if (error instanceof GatewayError || error instanceof WireError) return false
    throw error
  }
}

describe('each bit of what comes with a commit, flipped', () => {
  const { entry, handshake } = roomWithCommit()

  test('in the commit: refused, but for the membership tag that only members can check', () => {
    const message = decode(mlsMessageCodec, handshake.commit.bytes)
    if (message.kind !== 'public') throw new Error('no public message')
    const tagBytes = message.publicMessage.membershipTag?.length ?? 0
    const accepted = [...flips(handshake.commit.bytes)].filter((bytes) =>
      accepts(entry, () => ({ ...handshake, commit: framedMessage(bytes) })),
    )
    const untagged = (bytes: Buffer) => bytes.subarray(0, bytes.length - tagBytes)
    for (const bytes of accepted) expect(untagged(bytes)).toEqual(untagged(handshake.commit.bytes))
    expect(accepted).toHaveLength(tagBytes * 8)
    expect(handshake.commit.bytes.length * 8).toBeGreaterThan(8_000)
  })

  test('in the GroupInfo: refused', () => {
    for (const groupInfo of flips(handshake.groupInfo ?? Buffer.alloc(0)))
      expect(accepts(entry, () => ({ ...handshake, groupInfo }))).toBe(false)
  })

  test('in the tree: refused', () => {
    for (const ratchetTree of flips((handshake.ratchetTree ?? Buffer.alloc(0)).subarray(0, 600)))
      expect(accepts(entry, () => ({ ...handshake, ratchetTree }))).toBe(false)
  })

  test('and every truncation of the commit: refused', () => {
    const { bytes } = handshake.commit
    for (let end = 0; end < bytes.length; end++)
      expect(
        accepts(entry, () => ({ ...handshake, commit: framedMessage(bytes.subarray(0, end)) })),
      ).toBe(false)
  })
})

test('each bit of a proposal, flipped: refused, but for the membership tag', () => {
  const [alice, bob] = groupOf(users)
  if (!alice || !bob) throw new Error('no group')
  const entry = roomEntry(alice)
  const message = bob.proposeUpdate()
  const bytes = publicBytes(message)
  const tagged = bytes.length - (message.membershipTag?.length ?? 0)
  const accepted = [...flips(bytes)].filter((mutant) =>
    accepts(entry, () => ({ kind: 'proposals', proposals: [framedMessage(mutant)] })),
  )
  for (const mutant of accepted)
    expect(mutant.subarray(0, tagged)).toEqual(bytes.subarray(0, tagged))
  expect(accepts(entry, () => proposalsHandshake(message))).toBe(true)
  expect(encode(mlsMessageCodec, decode(mlsMessageCodec, bytes))).toEqual(bytes)
})
