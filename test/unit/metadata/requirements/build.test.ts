import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  issueDocument,
  needsNewDocument,
  requirementsContent,
  type ContentInput,
} from '../../../../src/metadata/requirements/build.ts'
import { judgeChain } from '../../../../src/metadata/requirements/chain.ts'
import { withGrease, withoutGrease } from '../../../../src/metadata/requirements/grease.ts'
import { openDocument } from '../../../../src/metadata/requirements/signed-document.ts'
import { verificationKeyOf } from '../../../../src/metadata/requirements/signing-keys.ts'
import { isGrease } from '../../../../src/metadata/suites.ts'
import {
  builtIn,
  dayMs,
  privateTable,
  publishedAtMs,
  signingKey,
} from '../../../support/requirements.ts'

const [bare, moderated, identified] = builtIn.all as [
  (typeof builtIn.all)[number],
  (typeof builtIn.all)[number],
  (typeof builtIn.all)[number],
]

function content(changes: Partial<ContentInput> = {}) {
  return requirementsContent({
    provider: 'a.example',
    asHub: [moderated, identified],
    asFollower: [moderated, bare],
    privateSuites: [],
    servable: () => true,
    keys: [verificationKeyOf(signingKey())],
    tokens: [],
    reports: null,
    retention: { deliveryDays: 7, moderationDays: 180, complianceDays: 90 },
    regions: ['EU'],
    protocolDrafts: ['draft-ietf-mimi-protocol-06'],
    contact: null,
    ...changes,
  })
}

const terms = { nowMs: publishedAtMs, validMs: 30 * dayMs, signingKeys: [signingKey()] }
const first = issueDocument({
  ...terms,
  content: content(),
  latest: undefined,
  randomness: randomBytes,
})

test('what our policies cannot serve is not advertised', () => {
  const { asHub, asFollower } = content({ servable: (suite) => suite !== moderated })
  expect({ asHub, asFollower }).toEqual({ asHub: [3], asFollower: [1] })
})

test('only the tables that the lists name are published', () => {
  const table = privateTable()
  expect(content({ privateSuites: [table] }).suites).toEqual([])
})

test('a document passes its own validator and starts a chain', () => {
  expect(openDocument(Buffer.from(first.jws))).toEqual({ kind: 'opened', signed: first })
  expect(first.document).toMatchObject({ seq: 1, prev: null })
  const { verdict } = judgeChain({ provider: 'a.example', accepted: [] }, [first], publishedAtMs)
  expect(verdict).toEqual({ kind: 'accepted' })
})

test('both lists hold GREASE, and without it they are what we meant', () => {
  for (const list of [first.document.asHub, first.document.asFollower])
    expect(list.some(isGrease)).toBe(true)
  expect(withoutGrease(first.document.asHub)).toEqual([2, 3])
})

describe('a new document is made only for a reason', () => {
  test('not for GREASE of another kind', () => {
    expect(needsNewDocument(content(), first, publishedAtMs)).toBe(false)
  })

  test('where something changed', () => {
    expect(needsNewDocument(content({ contact: 'mailto:a@a.example' }), first, publishedAtMs)).toBe(
      true,
    )
  })

  test('where a third of its life is left', () => {
    expect(needsNewDocument(content(), first, publishedAtMs + 20 * dayMs)).toBe(false)
    expect(needsNewDocument(content(), first, publishedAtMs + 20 * dayMs + 1_000)).toBe(true)
  })

  test('where there is none', () => {
    expect(needsNewDocument(content(), undefined, 0)).toBe(true)
  })
})

test('a new key is introduced by the old one and then signs alone', () => {
  const fresh = signingKey('fresh')
  const rotated = content({ keys: [verificationKeyOf(fresh)] })
  const signingKeys = [fresh, signingKey()]
  const second = issueDocument({
    ...terms,
    content: rotated,
    latest: first,
    signingKeys,
    randomness: randomBytes,
  })
  const third = issueDocument({
    ...terms,
    content: rotated,
    latest: second,
    signingKeys,
    randomness: randomBytes,
  })
  expect([second.kid, third.kid]).toEqual(
    [signingKey(), fresh].map((key) => verificationKeyOf(key).kid),
  )
  const { verdict } = judgeChain(
    { provider: 'a.example', accepted: [first] },
    [second, third],
    publishedAtMs,
  )
  expect(verdict).toEqual({ kind: 'accepted' })
})

test('without a key that the predecessor names nothing is issued', () => {
  const issue = { ...terms, content: content(), latest: first, randomness: randomBytes }
  expect(() => issueDocument({ ...issue, signingKeys: [signingKey('fresh')] })).toThrow(TypeError)
})

test('the randomness decides where GREASE stands', () => {
  expect(withGrease([2, 1], fixed)).toEqual([0x1a2a, 2, 1, 0x3a4a])
})

function fixed(bytes: number): Buffer {
  return Buffer.from([1, 0x12, 0, 0x34, 3]).subarray(0, bytes)
}
