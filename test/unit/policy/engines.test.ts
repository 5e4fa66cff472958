import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { cedarEngine } from '../../../src/policy/cedar-engine.ts'
import { compiledEngine } from '../../../src/policy/compiled-engine.ts'
import type { CedarRequest } from '../../../src/policy/engine.ts'
import { loadPolicies } from '../../../src/policy/load.ts'
import { mostExposing } from '../../../src/policy/most-exposing.ts'
import { peerFacts, permitAll } from '../../support/policy.ts'

const context = {
  purpose: 'delivery',
  audience: 'hub',
  direction: 'ingress',
  operation: 'submitMessage',
} as const
const room = {
  id: '~',
  suite: 'moderated-pseudonyms',
  profile: 'consumer',
  region: 'EU',
  tenant: 'default',
} as const
const request: CedarRequest = {
  principal: peerFacts(),
  action: 'sender.user:exact',
  resource: room,
  context,
}

const implementations = [
  ['compiled', compiledEngine],
  ['cedar-wasm', cedarEngine],
] as const

describe.each(implementations)('on %s', (_name, engineFor) => {
  const engineOf = (text: string) => engineFor(loadPolicies(text))

  test('a deny by default has no determining policy', () => {
    expect(engineOf('').decide(request)).toEqual({ decision: 'deny', policies: [], errors: [] })
  })

  test('a forbid on an action group applies to each action in it', () => {
    const engine = engineOf(
      `${permitAll} @id("never") @reason("r") forbid (principal, action in Action::"any:exact", resource);`,
    )
    expect(engine.decide(request)).toEqual({ decision: 'deny', policies: ['never'], errors: [] })
    expect(engine.decide({ ...request, action: 'sender.user:pseudonym-room' }).decision).toBe(
      'allow',
    )
  })

  test('a forbid whose evaluation fails denies, where Cedar would skip it', () => {
    const overflow = '9007199254740991 * (if principal.verified then 2000 else 1) > 0'
    const engine = engineOf(
      `${permitAll} @id("fails") @reason("r") forbid (principal, action, resource) when { ${overflow} };`,
    )
    expect(engine.decide(request)).toEqual({
      decision: 'deny',
      policies: ['fails'],
      errors: ['fails'],
    })
  })

  test('an action that the schema does not know is denied', () => {
    expect(engineOf(permitAll).decide({ ...request, action: 'sender.user:shouted' })).toEqual({
      decision: 'deny',
      policies: [],
      errors: ['engine-fault'],
    })
  })

  test('a value that the schema does not know is denied', () => {
    const principal = { ...peerFacts(), region: 'MARS' as 'EU' }
    expect(engineOf(permitAll).decide({ ...request, principal }).decision).toBe('deny')
  })

  test('engines do not answer for each other, however many there are', () => {
    const texts = [permitAll, '', permitAll.replace('all', 'every'), '// another\n']
    const engines = texts.map(engineOf)
    for (let round = 0; round < 3; round += 1) {
      expect(engines.map((engine) => engine.decide(request).policies)).toEqual([
        ['all'],
        [],
        ['every'],
        [],
      ])
    }
  })

  test('the revision follows what the policies say, not how they are laid out', () => {
    expect(engineOf(permitAll).revision).toBe(engineOf(`\n${permitAll} // same`).revision)
    expect(engineOf(permitAll).revision).not.toBe(engineOf('').revision)
  })

  test('the peers and rooms that policies name are known', () => {
    const { named } = engineOf(
      '@id("x") @reason("r") permit (principal == Peer::"c.example", action, resource) unless { resource == Room::"r1" };',
    )
    expect([...named.peers]).toEqual(['c.example'])
    expect([...named.rooms]).toEqual(['r1'])
  })

  test('groups of peers and tenants reach the policies', () => {
    const engine = engineOf(
      '@id("x") @reason("r") permit (principal in PeerGroup::"partners", action, resource in Tenant::"north");',
    )
    const partner = { ...request, principal: peerFacts({ groups: ['partners'] }) }
    expect(engine.decide({ ...partner, resource: { ...room, tenant: 'north' } }).decision).toBe(
      'allow',
    )
    expect(engine.decide(partner).decision).toBe('deny')
    expect(engine.decide({ ...request, resource: { ...room, tenant: 'north' } }).decision).toBe(
      'deny',
    )
  })

  test('the most exposing permitted form is found, with who withheld the clearer ones', () => {
    const engine = engineOf(readFileSync('policies/profiles/consumer/policies.cedar', 'utf8'))
    const scene = { peer: peerFacts(), room, context }
    expect(mostExposing(engine, 'sender.user', scene)).toEqual({
      form: 'pseudonym-room',
      policies: ['room-pseudonyms'],
      withheldBy: ['names-nowhere-else'],
    })
    expect(mostExposing(engine, 'user.existence', scene)).toEqual({
      form: 'absent',
      policies: [],
      withheldBy: [],
    })
  })
})
