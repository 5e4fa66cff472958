import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { MlsGroup } from '../../../../src/client/mls/mls-group.ts'
import { openPublishedGroup } from '../../../../src/client/mls/open-group.ts'
import { openWelcome } from '../../../../src/client/mls/welcome.ts'
import { mlsSuite } from '../../../../src/mls-crypto/suite.ts'
import { decode, encode } from '../../../../src/wire/codec.ts'
import { WireError } from '../../../../src/wire/errors.ts'
import { isRefusal } from '../../../../src/client/errors.ts'
import { privateMessageCodec, publicMessageCodec } from '../../../../src/wire/mls/framing.ts'
import { groupInfoCodec } from '../../../../src/wire/mls/group-info.ts'
import { ratchetTreeCodec } from '../../../../src/wire/mls/ratchet-tree.ts'
import { welcomeCodec } from '../../../../src/wire/mls/welcome.ts'
import {
  agree,
  commitAndFollow,
  groupOf,
  joinWith,
  keyPackageOf,
} from '../../../support/mls-members.ts'

const users = ['alice', 'bob', 'carol'].map((name) => `mimi://a.example/u/${name}`)

function three(): [MlsGroup, MlsGroup, MlsGroup] {
  return groupOf(users) as [MlsGroup, MlsGroup, MlsGroup]
}

/** The bytes with one bit flipped, for every `step`-th bit. */
function* mutants(bytes: Buffer, step: number): Generator<Buffer> {
  for (let bit = 0; bit < bytes.length * 8; bit += step) {
    const mutant = Buffer.from(bytes)
    mutant[bit >> 3] = (mutant[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    yield mutant
  }
}

function open(groupInfo: Buffer, ratchetTree: Buffer) {
  return openPublishedGroup(mlsSuite(1), decode(groupInfoCodec, groupInfo), ratchetTree)
}

function refuses(attempt: () => unknown): void {
  try {
    attempt()
  } catch (error) {
    if (isRefusal(error) || error instanceof WireError) return
    throw error
  }
  throw new Error('accepted')
}

describe('one flipped bit', () => {
  test('in a commit is refused and changes nothing', () => {
    const [a, b, c] = three()
    const staged = a.commit({
      proposals: [{ kind: 'add', keyPackage: keyPackageOf('mimi://a.example/u/dave').keyPackage }],
    })
    const bytes = encode(publicMessageCodec, staged.message)
    for (const mutant of mutants(bytes, 37))
      refuses(() => b.receiveCommit(decode(publicMessageCodec, mutant)))
    a.applyPendingCommit()
    for (const member of [b, c]) member.receiveCommit(staged.message)
    expect(agree([a, b, c])).toBe(true)
  })

  test('in an application message is refused and burns no key', () => {
    const [a, b] = three()
    const message = a.protect(Buffer.from('hello'), { authenticatedData: Buffer.from('aad') })
    const bytes = encode(privateMessageCodec, message)
    for (const mutant of mutants(bytes, 3))
      refuses(() => b.unprotect(decode(privateMessageCodec, mutant)))
    expect(b.unprotect(message).applicationData.toString()).toBe('hello')
  })

  test('in a proposal is refused', () => {
    const [a, b] = three()
    const bytes = encode(publicMessageCodec, a.proposeUpdate())
    for (const mutant of mutants(bytes, 11))
      refuses(() => b.receiveProposal(decode(publicMessageCodec, mutant)))
    expect(b.pendingProposals).toEqual([])
  })

  test('in a Welcome is refused', () => {
    const [a] = three()
    const own = keyPackageOf('mimi://a.example/u/dave')
    const staged = a.commit({ proposals: [{ kind: 'add', keyPackage: own.keyPackage }] })
    if (staged.welcome === undefined) throw new Error('no welcome')
    const bytes = encode(welcomeCodec, staged.welcome)
    const find = (reference: Buffer) => (reference.equals(own.reference) ? own : undefined)
    for (const mutant of mutants(bytes, 29))
      refuses(() => openWelcome(decode(welcomeCodec, mutant), find))
    expect(joinWith(staged, own).context.epoch).toBe(2n)
  })

  test('in a published GroupInfo or tree is refused', () => {
    const [a] = three()
    const groupInfo = a.groupInfo()
    const info = encode(groupInfoCodec, groupInfo)
    for (const mutant of mutants(info, 31)) refuses(() => open(mutant, a.ratchetTree()))
    for (const mutant of mutants(a.ratchetTree(), 61)) refuses(() => open(info, mutant))
    expect(open(info, a.ratchetTree()).tree.leafCount).toBe(4)
  })
})

test('a commit that the hub refused is dropped, and the group goes on', () => {
  const [a, b, c] = three()
  a.commit()
  expect(() => a.commit()).toThrow('commit-pending')
  commitAndFollow([b, a, c])
  expect(a.pendingCommit).toBeUndefined()
  expect(() => a.applyPendingCommit()).toThrow('no-commit-pending')
  a.commit()
  a.discardPendingCommit()
  commitAndFollow([a, b, c])
  expect(agree([a, b, c])).toBe(true)
})

test('messages and commits of another epoch are refused by that name', () => {
  const [a, b, c] = three()
  const old = a.commit()
  a.discardPendingCommit()
  commitAndFollow([b, a, c])
  expect(() => c.receiveCommit(old.message)).toThrow('wrong-epoch')
  const early = a.commit()
  a.applyPendingCommit()
  expect(() => b.unprotect(a.protect(Buffer.from('from the future')))).toThrow('wrong-epoch')
  b.receiveCommit(early.message)
})

test('messages of the two epochs before are still read, older ones no more', () => {
  const [a, b, c] = three()
  const messages = [0, 1, 2].map((index) => {
    const message = a.protect(Buffer.from(`message ${index}`))
    commitAndFollow([c, a, b])
    return message
  })
  const read = (index: number) => b.unprotect(messages[index]!).applicationData.toString()
  expect([read(1), read(2)]).toEqual(['message 1', 'message 2'])
  expect(() => read(0)).toThrow('wrong-epoch')
})

test('a member who commits for another leaf is refused', () => {
  const [a, b, c] = three()
  const { epoch } = c as unknown as { epoch: typeof c.current }
  const own = { ...epoch.own, leafIndex: a.ownLeafIndex }
  const impostor = new MlsGroup({ ...epoch, own }, randomBytes)
  expect(() => b.receiveCommit(impostor.commit().message)).toThrow('invalid-signature')
  refuses(() => b.unprotect(impostor.protect(Buffer.from('I am alice'))))
})

test('a Welcome is of no use to a KeyPackage that it does not name', () => {
  const [a] = three()
  const invited = keyPackageOf('mimi://a.example/u/dave')
  const staged = a.commit({ proposals: [{ kind: 'add', keyPackage: invited.keyPackage }] })
  expect(() => joinWith(staged, keyPackageOf('mimi://a.example/u/erin'))).toThrow(
    'welcome-not-for-us',
  )
  const tree = decode(ratchetTreeCodec, staged.ratchetTree)
  const blank = encode(ratchetTreeCodec, tree.slice(0, 3))
  expect(() => joinWith({ ...staged, ratchetTree: blank }, invited)).toThrow('invalid-group-info')
})

test('a KeyPackage whose leaf lacks what the room requires is not added', () => {
  const [a] = three()
  const { keyPackage } = keyPackageOf('mimi://a.example/u/dave')
  const { leafNode } = keyPackage
  const capabilities = { ...leafNode.capabilities, extensions: [] }
  const poor = { ...keyPackage, leafNode: { ...leafNode, capabilities } }
  expect(() => a.commit({ proposals: [{ kind: 'add', keyPackage: poor }] })).toThrow(
    'invalid-key-package',
  )
})
