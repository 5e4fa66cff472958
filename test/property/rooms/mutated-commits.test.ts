import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createGroupInfo } from '../../../src/client/mls/group-info.ts'
import { signFramedContent } from '../../../src/client/mls/content-signature.ts'
import { signLeaf } from '../../../src/client/mls/leaf.ts'
import type { MlsGroup } from '../../../src/client/mls/mls-group.ts'
import { GatewayError } from '../../../src/model/errors.ts'
import { stageCommit } from '../../../src/rooms/stage-commit.ts'
import { stageHandshake, type RoomEntry } from '../../../src/rooms/staged-update.ts'
import { decode, encode } from '../../../src/wire/codec.ts'
import { WireError } from '../../../src/wire/errors.ts'
import type { FramedContent, PublicMessage } from '../../../src/wire/mls/framing.ts'
import { groupInfoCodec } from '../../../src/wire/mls/group-info.ts'
import { framedMessage } from '../../../src/wire/mls/header.ts'
import { mlsMessageCodec } from '../../../src/wire/mls/message.ts'
import { commitScenes, type CommitScene } from '../../support/commit-scenes.ts'
import { publicBytes, type CommitHandshake } from '../../support/rooms.ts'

const scenes = commitScenes()
const RUNS_OUTSIDE = 8_000
const RUNS_INSIDE = 3_000

/** True where it is accepted; anything but a coded refusal is thrown on. */
function accepts(entry: RoomEntry, attempt: () => CommitHandshake): boolean {
  try {
    stageHandshake(entry, attempt())
    return true
  } catch (error) {
    if (error instanceof GatewayError || error instanceof WireError) return false
    throw error
  }
}

test.each(scenes.map((scene) => [scene.name, scene] as const))(
  '%s: the commit itself is accepted',
  (_, scene) => {
    expect(accepts(scene.entry, () => scene.handshake)).toBe(true)
  },
)

/** What whoever carries a commit can do to its octets. */
const operators = ['flip', 'set', 'cut', 'insert', 'repeat', 'swap', 'truncate', 'splice'] as const
type Operator = (typeof operators)[number]

interface Mutation {
  readonly operator: Operator
  readonly at: number
  readonly length: number
  readonly octet: number
}

function mutate(bytes: Buffer, other: Buffer, { operator, at, length, octet }: Mutation): Buffer {
  const start = at % bytes.length
  const end = Math.min(bytes.length, start + 1 + (length % 64))
  const [head, middle, tail] = [
    bytes.subarray(0, start),
    bytes.subarray(start, end),
    bytes.subarray(end),
  ]
  const one = bytes[start] ?? 0
  switch (operator) {
    case 'flip':
      return Buffer.concat([head, Buffer.of(one ^ (1 << (octet & 7))), bytes.subarray(start + 1)])
    case 'set':
      return Buffer.concat([head, Buffer.of(octet), bytes.subarray(start + 1)])
    case 'cut':
      return Buffer.concat([head, tail])
    case 'insert':
      return Buffer.concat([head, Buffer.alloc(1 + (length % 64), octet), middle, tail])
    case 'repeat':
      return Buffer.concat([head, middle, middle, tail])
    case 'swap':
      return Buffer.concat([head, tail, middle])
    case 'truncate':
      return head
    case 'splice':
      return Buffer.concat([head, other.subarray(start % other.length)])
  }
}

/** Where the membership tag begins: members alone can check it. */
function tagStart({ handshake }: CommitScene): number {
  const message = decode(mlsMessageCodec, handshake.commit.bytes)
  if (message.kind !== 'public') throw new Error('no public message')
  const tag = message.publicMessage.membershipTag
  const { length } = handshake.commit.bytes
  return tag === undefined ? length : length - tag.length
}

describe(`${RUNS_OUTSIDE} commits, changed by who carries them`, () => {
  const mutations = fc.record({
    operator: fc.constantFrom(...operators),
    at: fc.nat(),
    length: fc.nat(),
    octet: fc.integer({ min: 0, max: 255 }),
  })
  const parts = ['commit', 'commit', 'commit', 'groupInfo', 'ratchetTree'] as const

  test('are refused, but for what stands in the membership tag', () => {
    let accepted = 0
    fc.assert(
      fc.property(
        fc.nat(scenes.length - 1),
        fc.constantFrom(...parts),
        mutations,
        (index, part, mutation) => {
          const scene = scenes[index]
          const other = scenes[(index + 1) % scenes.length]
          if (scene === undefined || other === undefined) return false
          const { handshake, entry } = scene
          const bytesOf = (of: CommitHandshake) =>
            (part === 'commit' ? of.commit.bytes : of[part]) ?? Buffer.alloc(1)
          const bytes = bytesOf(handshake)
          const mutant = mutate(bytes, bytesOf(other.handshake), mutation)
          if (mutant.equals(bytes)) return true
          const isAccepted = accepts(entry, () =>
            part === 'commit'
              ? { ...handshake, commit: framedMessage(mutant) }
              : { ...handshake, [part]: mutant },
          )
          if (!isAccepted) return true
          accepted++
          const start = tagStart(scene)
          return part === 'commit' && mutant.subarray(0, start).equals(bytes.subarray(0, start))
        },
      ),
      { numRuns: RUNS_OUTSIDE },
    )
    expect(accepted).toBeLessThan(RUNS_OUTSIDE / 10)
  })
})

/**
 * What a member may put into a commit of its own that we cannot tell from what it should be, or that
 * is its own to say. docs/threat-model/what-a-hub-cannot-check.md
 */
const beyondUs: readonly RegExp[] = [
  // Secrets for others: we cannot decrypt them.
  /^content\.commit\.path\.nodes\.\d+\.encryptedPathSecret\.\d+\.(kemOutput|ciphertext)$/,
  // Its own new key: nobody but the member knows the private one.
  /^content\.commit\.path\.leafNode\.encryptionKey$/,
  // Tags that are made with secrets of the epoch.
  /^(confirmationTag|membershipTag)$/,
  // Its own to say: what it can do, what its leaf carries, and the AAD.
  /^content\.commit\.path\.leafNode\.(capabilities|extensions)\./,
  /^authenticatedData$/,
  // Another valid commit: another change of participants or components, as far as its role lets it.
  /^content\.commit\.proposals\.\d+\.proposal\.(componentId|operation\.update)$/,
]

describe(`${RUNS_INSIDE} commits, changed and signed again by the member that made them`, () => {
  const own = scenes.filter(({ committer }) => committer !== undefined)

  test('are refused, or differ in what only members can check', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(fc.nat(own.length - 1), fc.nat(), fc.nat(), (index, place, how) => {
        const scene = own[index]
        if (scene?.committer === undefined) return false
        const message = decode(mlsMessageCodec, scene.handshake.commit.bytes)
        if (message.kind !== 'public') return false
        const mutant = changedAt(message.publicMessage, place, how)
        if (mutant === undefined) return true
        const { committer, entry, handshake } = scene
        let isSame = false
        const isAccepted = accepts(entry, () => {
          const again = signedAgain(scene, committer, mutant.value)
          isSame = again.commit.bytes.equals(handshake.commit.bytes)
          return again
        })
        if (isAccepted && !isSame) seen.add(mutant.path)
        return true
      }),
      { numRuns: RUNS_INSIDE },
    )
    const unknown = [...seen].filter((path) => !beyondUs.some((pattern) => pattern.test(path)))
    expect(unknown).toEqual([])
    // The list is not longer than it has to be.
    const unused = beyondUs.filter((pattern) => ![...seen].some((path) => pattern.test(path)))
    expect(unused.map(String)).toEqual([])
  })
})

interface Changed {
  readonly path: string
  readonly value: PublicMessage
}

/** The message with one of its values changed. */
function changedAt(message: PublicMessage, place: number, how: number): Changed | undefined {
  const paths = placesOf(message)
  const path = paths[place % paths.length]
  if (path === undefined) return undefined
  const value = changeAt(message, path, how)
  return {
    path: path
      .join('.')
      .replace(/^content\.(?!content\b)/, '')
      .replace(/^content\.content/, 'content'),
    value,
  }
}

/** The way to every value that is no struct: octets, numbers, times. */
function placesOf(value: unknown, path: readonly string[] = []): string[][] {
  if (Buffer.isBuffer(value) || typeof value === 'number' || typeof value === 'bigint')
    return [[...path]]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => placesOf(inner, [...path, name]))
}

function changeAt<T>(value: T, path: readonly string[], how: number): T {
  const [name, ...rest] = path
  if (name === undefined) return changed(value, how) as T
  if (Array.isArray(value))
    return value.map((item: unknown, at) =>
      String(at) === name ? changeAt(item, rest, how) : item,
    ) as T
  const fields = value as Record<string, unknown>
  return { ...fields, [name]: changeAt(fields[name], rest, how) } as T
}

function changed(value: unknown, how: number): unknown {
  if (typeof value === 'number') return how % 3 === 0 ? value + 1 : how % 8
  if (typeof value === 'bigint') return value + BigInt(1 + (how % 3))
  if (!Buffer.isBuffer(value)) return value
  if (value.length === 0 || how % 5 === 0) return Buffer.concat([value, Buffer.of(how & 255)])
  const copy = Buffer.from(value)
  const at = how % copy.length
  copy[at] = (copy[at] ?? 0) ^ (1 + (how % 255))
  return copy
}

/** As the committer would sign it: its leaf, the message, and a GroupInfo of the epoch that we stage. */
function signedAgain(
  { entry, handshake: original }: CommitScene,
  committer: MlsGroup,
  message: PublicMessage,
): CommitHandshake {
  const { current, pendingCommit } = committer
  const { signer } = current.own
  const content = withSignedLeaf(committer, message.content)
  const signature = signFramedContent(current, signer, { wireFormat: 1, content })
  const bytes = publicBytes({ ...message, content, signature })
  const { next } = stageCommit(entry.group, bytes)
  if (pendingCommit === undefined) throw new Error('no commit')
  const groupInfo = createGroupInfo(
    {
      ...pendingCommit.next,
      groupContext: next.context,
      confirmationTag: next.confirmationTag,
    },
    [],
  )
  return {
    ...original,
    commit: framedMessage(bytes),
    groupInfo: encode(groupInfoCodec, groupInfo),
    ratchetTree: undefined,
  }
}

function withSignedLeaf({ current }: MlsGroup, content: FramedContent): FramedContent {
  if (content.content.kind !== 'commit') return content
  const { commit } = content.content
  if (commit.path === undefined) return content
  const { suite, own, groupContext } = current
  const position = { groupId: groupContext.groupId, leafIndex: own.leafIndex }
  const leafNode = signLeaf(suite, own.signer, { unsigned: commit.path.leafNode, position })
  const path = { ...commit.path, leafNode }
  return { ...content, content: { kind: 'commit', commit: { ...commit, path } } }
}
