import { createSecretKey } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  createPseudonyms,
  domainKey,
  isPseudonymUri,
  pseudonymPurposes,
  pseudonymUri,
  type PseudonymDomain,
} from '../../../src/metadata/pseudonyms.ts'

const secret = createSecretKey(Buffer.alloc(32, 7))
const other = createSecretKey(Buffer.alloc(32, 8))
const keys = (...list: readonly (typeof secret)[]) => {
  const named = list.map((key, at) => ({ id: String(at), key }))
  const [first] = named
  if (first === undefined) throw new Error('no key')
  return { active: () => first, all: () => named }
}
const pseudonyms = createPseudonyms(keys(secret))

// Short texts and few of them, so that parts of different domains meet, swap and run into each other.
const name = fc.oneof(fc.constantFrom('', 'a', 'b', 'ab', '["', '",', 'room'), fc.string())
const domain: fc.Arbitrary<PseudonymDomain> = fc.record({
  tenant: name,
  peer: name,
  purpose: fc.constantFrom(...pseudonymPurposes),
  scope: fc.oneof(
    fc.constant({ kind: 'peer' } as const),
    fc.record({ kind: fc.constant('room' as const), room: name }),
    fc.record({ kind: fc.constant('epoch' as const), room: name, epoch: fc.bigInt(0n, 9n) }),
    fc.record({ kind: fc.constant('once' as const), digest: name }),
  ),
})

test('two domains have no key in common, and no value the same pseudonym in both', () => {
  fc.assert(
    fc.property(domain, domain, fc.tuple(fc.string(), fc.string()), (one, two, values) => {
      const [value, another] = values
      fc.pre(inspect(one) !== inspect(two))
      if (domainKey(secret, one).equals(domainKey(secret, two))) return false
      const inOne = pseudonyms.of(value, one)
      return inOne !== pseudonyms.of(value, two) && inOne !== pseudonyms.of(another, two)
    }),
  )
})

test('within one domain a value has one pseudonym, and two values have two', () => {
  fc.assert(
    fc.property(domain, fc.string(), fc.string(), (where, value, another) => {
      const pseudonym = pseudonyms.of(value, where)
      expect(pseudonyms.of(value, { ...where })).toBe(pseudonym)
      expect(pseudonyms.of(another, where) === pseudonym).toBe(another === value)
      expect(pseudonym).toMatch(/^[A-Za-z0-9_-]{22}$/)
    }),
  )
})

test('after a rotation the same value has another pseudonym, and the old one can still be resolved', () => {
  fc.assert(
    fc.property(domain, fc.uniqueArray(fc.string(), { minLength: 2 }), (where, values) => {
      const [value = ''] = values
      const old = pseudonyms.of(value, where)
      const rotated = createPseudonyms(keys(other, secret))
      const renewed = rotated.of(value, where)
      expect(renewed).not.toBe(old)
      for (const pseudonym of [old, renewed])
        expect(rotated.resolve(pseudonym, where, values)).toBe(value)
      expect(rotated.resolve(old, where, values.slice(1))).toBeUndefined()
      expect(createPseudonyms(keys(other)).resolve(old, where, values)).toBeUndefined()
    }),
  )
})

test('the domain of one name cannot resolve a pseudonym of another', () => {
  fc.assert(
    fc.property(domain, domain, fc.string(), (one, two, value) => {
      fc.pre(inspect(one) !== inspect(two))
      return pseudonyms.resolve(pseudonyms.of(value, one), two, [value]) === undefined
    }),
  )
})

test('a user URI that a gateway made is recognised', () => {
  const uri = pseudonymUri('b.example', pseudonyms.of('x', { ...anywhere, peer: 'a.example' }))
  expect(isPseudonymUri(uri)).toBe(true)
  for (const uriOfUser of ['mimi://b.example/u/bob', 'mimi://b.example/u/~bob', `${uri}x`])
    expect(isPseudonymUri(uriOfUser)).toBe(false)
})

const anywhere: PseudonymDomain = {
  tenant: 'b.example',
  peer: 'a.example',
  purpose: 'reporter',
  scope: { kind: 'peer' },
}

function inspect({ tenant, peer, purpose, scope }: PseudonymDomain): string {
  const parts = Object.entries(scope).map(([key, value]) => [key, String(value)])
  return JSON.stringify([tenant, peer, purpose, parts])
}
