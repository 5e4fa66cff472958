import { describe, expect, test } from 'vitest'
import type { Refusal } from '../../../../src/model/adapter.ts'
import type { UpdateOutcome } from '../../../../src/model/answer.ts'
import { mimiAdapter } from '../../../../src/protocols/mimi/adapter.ts'
import { decode, encode } from '../../../../src/wire/codec.ts'
import { updateRequestCodec, updateRoomResponseCodec } from '../../../../src/wire/mimi/update.ts'
import { groupInfoCodec } from '../../../../src/wire/mls/group-info.ts'
import type { MlsMessageView } from '../../../../src/wire/mls/header.ts'
import { welcomeCodec } from '../../../../src/wire/mls/welcome.ts'
import { fromHex } from '../../../support/hex.ts'
import { codeOf, parsed, response } from '../../../support/mimi-requests.ts'
import {
  privateMessage,
  publicCommit,
  publicProposal,
  sampleGroupInfo,
  sampleWelcome,
  welcomeMessage,
} from '../../../support/mls-samples.ts'

const room = 'mimi://a.example/r/clubhouse'
const groupInfo = { value: sampleGroupInfo(), bytes: encode(groupInfoCodec, sampleGroupInfo()) }
const refs = [Buffer.alloc(32, 7), Buffer.alloc(32, 8)]
const welcome = { value: sampleWelcome(refs), bytes: encode(welcomeCodec, sampleWelcome(refs)) }

function commitBody(treeBytes: number): Buffer {
  return encode(updateRequestCodec, {
    kind: 'commit',
    proposalOrCommit: publicCommit(),
    welcome,
    groupInfoOption: { representation: 'full', groupInfo },
    ratchetTreeOption: { representation: 'full', ratchetTree: Buffer.alloc(treeBytes, 3) },
  })
}

function proposalBody(moreProposals: readonly MlsMessageView[]): Buffer {
  return encode(updateRequestCodec, {
    kind: 'proposal',
    proposalOrCommit: publicProposal(1),
    moreProposals,
  })
}

function update(bytes: Buffer, target = room) {
  return parsed('update', target, bytes)
}

describe('a commit', () => {
  test.each([0, 63, 64, 20_000])(
    'comes with welcome, GroupInfo and a tree of %i octets in its length prefix',
    (treeBytes) => {
      const body = commitBody(treeBytes)
      const { handshake } = update(body)
      if (handshake.kind !== 'commit') throw new Error('not a commit')
      expect(handshake.commit.bytes).toEqual(publicCommit().bytes)
      expect(handshake.commit).toMatchObject({ contentType: 'commit', epoch: 7n })
      expect(handshake.welcome).toEqual(welcome.bytes)
      expect(handshake.welcomeRefs).toEqual(refs)
      expect(handshake.groupInfo).toEqual(groupInfo.bytes)
      const tree = body.subarray(body.length - (handshake.ratchetTree?.length ?? 0))
      expect(handshake.ratchetTree).toEqual(tree)
      const prefixBytes = tree.length - treeBytes
      expect(prefixBytes).toBe(treeBytes < 64 ? 1 : treeBytes < 16_384 ? 2 : 4)
    },
  )

  test('may come with a partial GroupInfo and a tree that the hub keeps itself', () => {
    const body = encode(updateRequestCodec, {
      kind: 'commit',
      proposalOrCommit: publicCommit(),
      welcome: undefined,
      groupInfoOption: {
        representation: 'partial',
        partialGroupInfo: {
          ratchetTreePresence: 'present',
          groupInfoExtensions: [],
          signature: Buffer.alloc(64),
        },
      },
      ratchetTreeOption: { representation: 'distributionService' },
    })
    expect(update(body).handshake).toMatchObject({
      kind: 'commit',
      welcome: undefined,
      welcomeRefs: [],
      groupInfo: undefined,
      ratchetTree: undefined,
    })
  })
})

describe('proposals', () => {
  test('are the first one and those that follow', () => {
    const { handshake } = update(proposalBody([publicProposal(2), publicProposal(3)]))
    if (handshake.kind !== 'proposals') throw new Error('not proposals')
    expect(handshake.proposals.map(({ bytes }) => bytes)).toEqual(
      [1, 2, 3].map((removed) => publicProposal(removed).bytes),
    )
  })

  test('may not be followed by anything else', () => {
    expect(codeOf(() => update(proposalBody([publicCommit()])))).toBe('wrong-message-kind')
    expect(codeOf(() => update(proposalBody([privateMessage()])))).toBe('wrong-message-kind')
  })
})

describe('what is no update', () => {
  test.each([
    ['an application message', privateMessage().bytes],
    ['a private commit', privateMessage('commit').bytes],
    ['a Welcome', welcomeMessage(refs).bytes],
  ])('%s is refused', (_, bytes) => {
    expect(codeOf(() => update(bytes))).toBe('wrong-message-kind')
  })

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['a commit alone', publicCommit().bytes],
    ['a commit cut in its tree', commitBody(100).subarray(0, -1)],
    ['a commit with more behind it', Buffer.concat([commitBody(0), Buffer.of(0)])],
    ['an unknown wire format', fromHex('0001 0009 00')],
  ])('%s is malformed', (_, bytes) => {
    expect(codeOf(() => update(bytes))).toBe('malformed-body')
  })
})

describe('the answer', () => {
  const exchange = update(proposalBody([]))
  const answers: readonly UpdateOutcome[] = [
    { kind: 'success', acceptedTimestampMs: 1_700_000_000_000, errorDescription: '' },
    { kind: 'wrongEpoch', currentEpoch: 9n, errorDescription: 'try again' },
    { kind: 'notAllowed', errorDescription: 'bob is banned' },
    { kind: 'invalidProposal', proposals: [Buffer.alloc(32, 1)], errorDescription: '' },
  ]

  test.each(answers)('$kind passes with its own bytes', (outcome) => {
    const answer = { operation: 'update', outcome } as const
    const original = mimiAdapter.serialise(exchange, answer)
    expect(mimiAdapter.parseAnswer(exchange, original)).toEqual(answer)
    expect(mimiAdapter.serialise(exchange, answer, original)).toEqual(original)
  })

  test.each(answers)('$kind can lose its text and nothing else', (outcome) => {
    const original = mimiAdapter.serialise(exchange, { operation: 'update', outcome })
    const masked = { ...outcome, errorDescription: '' }
    const edited = mimiAdapter.serialise(
      exchange,
      { operation: 'update', outcome: masked },
      original,
    )
    const before = decode(updateRoomResponseCodec, original.bytes)
    expect(decode(updateRoomResponseCodec, edited.bytes)).toEqual({
      ...before,
      errorDescription: '',
    })
  })

  test('cannot change its code', () => {
    const original = response(fromHex('02 00'))
    const answer = {
      operation: 'update',
      outcome: { kind: 'success', acceptedTimestampMs: 1, errorDescription: '' },
    } as const
    expect(codeOf(() => mimiAdapter.serialise(exchange, answer, original))).toBe('internal')
  })

  const refuse = (refusal: Refusal) => mimiAdapter.refuse(exchange, refusal)?.bytes

  test('a refusal speaks the codes of the protocol', () => {
    expect(refuse({ kind: 'not-allowed' })).toEqual(fromHex('02 00'))
    expect(refuse({ kind: 'wrong-epoch', currentEpoch: 9n })).toEqual(
      fromHex('01 00 0000000000000009'),
    )
    expect(refuse({ kind: 'invalid-proposal', proposals: [Buffer.of(1)] })).toEqual(
      fromHex('03 00 02 01 01'),
    )
    expect(refuse({ kind: 'no-such-room' })).toBeUndefined()
  })
})
