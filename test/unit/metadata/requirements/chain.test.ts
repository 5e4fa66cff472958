import { describe, expect, test } from 'vitest'
import { judgeChain, missingLink } from '../../../../src/metadata/requirements/chain.ts'
import { verificationKeyOf } from '../../../../src/metadata/requirements/signing-keys.ts'
import {
  chainOf,
  dayMs,
  publishedAtMs,
  requirements,
  signed,
  signingKey,
} from '../../../support/requirements.ts'

const provider = 'a.example'
const [one, two, three] = chainOf(3) as [
  ReturnType<typeof signed>,
  ReturnType<typeof signed>,
  ReturnType<typeof signed>,
]
const nothing = { provider, accepted: [] }
const held = { provider, accepted: [one, two] }
const now = publishedAtMs

function verdictOf(
  before: Parameters<typeof judgeChain>[0],
  chain: readonly ReturnType<typeof signed>[],
  nowMs = now,
) {
  return judgeChain(before, chain, nowMs).verdict
}

test('the first document is taken if one of its own keys signed it', () => {
  expect(judgeChain(nothing, [one], now)).toEqual({ verdict: { kind: 'accepted' }, links: [one] })
  const foreign = signed({}, signingKey('thief'))
  expect(verdictOf(nothing, [foreign])).toEqual({ kind: 'wrong-key' })
})

test('a successor is taken, and so are several at once', () => {
  expect(judgeChain({ provider, accepted: [one] }, [two, three], now)).toEqual({
    verdict: { kind: 'accepted' },
    links: [two, three],
  })
})

test('the newest one again is unchanged', () => {
  expect(judgeChain(held, [two], now)).toEqual({ verdict: { kind: 'unchanged' }, links: [] })
})

test('an older one is a rollback, known or not', () => {
  expect(verdictOf(held, [one])).toEqual({ kind: 'rollback' })
  expect(verdictOf({ provider, accepted: [three] }, [two])).toEqual({ kind: 'rollback' })
})

test('two documents with one seq are an equivocation, and both are in the verdict', () => {
  const other = signed({ seq: 2, prev: one.digest, contact: 'mailto:ops@a.example' })
  expect(verdictOf(held, [other])).toEqual({ kind: 'equivocation', known: two, other })
})

test('a fork is found behind a document that seems to follow', () => {
  const other = signed({ seq: 2, prev: one.digest, contact: 'mailto:ops@a.example' })
  const next = signed({ seq: 3, prev: other.digest })
  expect(missingLink(held, next)).toBe(other.digest)
  expect(verdictOf(held, [other, next])).toMatchObject({ kind: 'equivocation', known: two, other })
})

test('what no key of the provider signed proves nothing against it', () => {
  const forged = signed(
    { seq: 2, prev: one.digest, contact: null, regions: [] },
    signingKey('thief'),
  )
  expect(verdictOf(held, [forged])).toEqual({ kind: 'wrong-key' })
})

test('a document that follows another one is broken', () => {
  expect(verdictOf(held, [signed({ seq: 3, prev: one.digest })])).toEqual({ kind: 'broken-prev' })
  expect(verdictOf(held, [signed({ seq: 9, prev: null })])).toEqual({ kind: 'broken-prev' })
})

test('a document of another provider is refused first', () => {
  expect(verdictOf(nothing, [signed({ provider: 'b.example' })])).toEqual({
    kind: 'wrong-provider',
  })
})

test('seq may leave numbers out', () => {
  expect(verdictOf(held, [signed({ seq: 7, prev: two.digest })])).toEqual({ kind: 'accepted' })
})

describe('key succession', () => {
  const [k1, k2] = ['one', 'two'].map((name) => verificationKeyOf(signingKey(name)))
  if (k1 === undefined || k2 === undefined) throw new Error('no keys')
  const first = signed({ keys: { keys: [k1] } }, signingKey('one'))
  const rotated = { seq: 2, prev: first.digest, keys: { keys: [k2] } }
  const before = { provider, accepted: [first] }

  test('a key of the predecessor signs the new key set', () => {
    expect(verdictOf(before, [signed(rotated, signingKey('one'))])).toEqual({ kind: 'accepted' })
  })

  test('a new key cannot introduce itself', () => {
    expect(verdictOf(before, [signed(rotated, signingKey('two'))])).toEqual({ kind: 'wrong-key' })
  })

  test('who comes late walks back to a document that vouches for itself', () => {
    const second = signed(rotated, signingKey('one'))
    expect(missingLink(nothing, second)).toBe(first.digest)
    expect(missingLink(nothing, first)).toBeUndefined()
    expect(verdictOf(nothing, [first, second])).toEqual({ kind: 'accepted' })
  })
})

describe('time, with five minutes of grace on both sides', () => {
  const { issuedAt, expiresAt } = requirements()
  const cases = [
    [issuedAt * 1_000 - 300_000, 'accepted'],
    [issuedAt * 1_000 - 300_001, 'not-yet-valid'],
    [expiresAt * 1_000 + 299_999, 'accepted'],
    [expiresAt * 1_000 + 300_000, 'expired'],
  ] as const
  test.each(cases)('at %d it is %s', (nowMs, kind) => {
    expect(verdictOf(nothing, [one], nowMs)).toEqual({ kind })
  })

  test('only the last one has to be in time', () => {
    const late = signed({
      seq: 2,
      prev: one.digest,
      issuedAt: issuedAt + 100 * 86_400,
      expiresAt: expiresAt + 100 * 86_400,
    })
    expect(verdictOf(nothing, [one, late], now + 100 * dayMs)).toEqual({ kind: 'accepted' })
  })

  test('what we hold expires too', () => {
    expect(verdictOf(held, [two], now + 31 * dayMs)).toEqual({ kind: 'expired' })
  })
})

test('a changed signature is no successor', () => {
  const jws = `${three.jws.slice(0, -4)}AAAA`
  expect(verdictOf(held, [{ ...three, jws }])).toEqual({ kind: 'bad-signature' })
})
