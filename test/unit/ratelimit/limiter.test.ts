import { expect, test } from 'vitest'
import { parseMimiUri } from '../../../src/model/ids.ts'
import {
  NOW,
  cathy,
  from,
  base,
  submit,
  keyMaterial,
  query,
  limiterWith,
  allowedOf,
} from '../../support/limiter-scene.ts'

test('a sender gets the burst of its budget in a room and is told when to come back', () => {
  const limiter = limiterWith({ roomSender: { perSecond: 2, burst: 3 } })
  expect(allowedOf(limiter, submit())).toBe(3)
  expect(limiter.check(submit(), NOW)).toMatchObject({
    kind: 'limited',
    limit: 'roomSender',
    retryAfterMs: 500,
  })
  expect(limiter.check(submit(), NOW + 500)).toMatchObject({ kind: 'allowed' })
})

test('a limited sender takes nothing from the budgets of its peer and its room', () => {
  const limiter = limiterWith({
    peer: { burst: 10 },
    peerRoom: { burst: 10 },
    roomSender: { burst: 2 },
  })
  expect(allowedOf(limiter, submit())).toBe(2)
  for (let refused = 0; refused < 100; refused += 1) limiter.check(submit(), NOW)
  const others = [0, 1, 2, 3].map((number) =>
    allowedOf(limiter, submit({ sender: parseMimiUri(`mimi://b.example/u/${number}`) })),
  )
  expect(others).toEqual([2, 2, 2, 2])
  const last = submit({ sender: cathy })
  expect(limiter.check(last, NOW)).toMatchObject({ kind: 'limited' })
})

test('another peer, another room and another sender have budgets of their own', () => {
  const limiter = limiterWith({ roomSender: { burst: 1 } })
  const others = [
    submit(),
    submit({ sender: cathy }),
    submit({ room: parseMimiUri('mimi://a.example/r/other') }),
  ]
  expect(others.map((exchange) => allowedOf(limiter, exchange))).toEqual([1, 1, 1])
})

test('refusals cost attempts, and a peer without attempts is limited in everything', () => {
  const limiter = limiterWith({ attempts: { perSecond: 1, burst: 3 } })
  const { origin } = base
  const attempt = { origin, operation: 'update' } as const
  for (let refused = 0; refused < 3; refused += 1) {
    expect(limiter.mayAttempt(attempt, NOW).kind).toBe('allowed')
    limiter.refused(origin, NOW)
  }
  const limited = { kind: 'limited', limit: 'attempts', retryAfterMs: 1_000 }
  expect(limiter.mayAttempt(attempt, NOW)).toMatchObject(limited)
  expect(limiter.check(submit(), NOW)).toMatchObject(limited)
  expect(limiter.check(submit({ origin: from('c.example') }), NOW).kind).toBe('allowed')
  expect(limiter.check(submit(), NOW + 1_000).kind).toBe('allowed')
})

test('our own delivery service has no peer budget and no attempts', () => {
  const limiter = limiterWith({
    peer: { burst: 1 },
    peerRoom: { burst: 1 },
    attempts: { burst: 1 },
  })
  const local = submit({ origin: { kind: 'local' } })
  limiter.refused(local.origin, NOW)
  limiter.refused(local.origin, NOW)
  expect(limiter.mayAttempt(local, NOW).kind).toBe('allowed')
  expect(allowedOf(limiter, local)).toBe(40)
})

test('a peer cannot empty a stock of KeyPackages under many pseudonyms', () => {
  const limiter = limiterWith({ keyMaterialTarget: { burst: 4 }, keyMaterial: { burst: 1 } })
  const outcomes = [0, 1, 2, 3, 4].map(
    (number) =>
      limiter.check(keyMaterial({ requester: parseMimiUri(`mimi://b.example/u/p${number}`) }), NOW)
        .kind,
  )
  expect(outcomes).toEqual(['allowed', 'allowed', 'allowed', 'allowed', 'limited'])
})

test('a peer that guesses handles meets its own budget, whatever it searches', () => {
  const limiter = limiterWith({ identifierQueryPeer: { burst: 5 } })
  const allowed = [0, 1, 2, 3, 4, 5, 6].filter(
    (value) => limiter.check(query(value), NOW).kind === 'allowed',
  )
  expect(allowed).toHaveLength(5)
})

test('refusals are counted by the budget that made them', () => {
  const limiter = limiterWith({ roomSender: { burst: 1 }, attempts: { burst: 1 } })
  expect(limiter.refusals()).toEqual({ enforced: {}, shadow: {} })
  for (let asked = 0; asked < 3; asked += 1) limiter.check(submit(), NOW)
  limiter.refused(base.origin, NOW)
  limiter.mayAttempt({ ...base, operation: 'update' }, NOW)
  expect(limiter.refusals()).toEqual({ enforced: { roomSender: 2, attempts: 1 }, shadow: {} })
})
