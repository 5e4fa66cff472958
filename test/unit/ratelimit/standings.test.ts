import { expect, test } from 'vitest'
import { limitNames } from '../../../src/ratelimit/limits.ts'
import {
  base,
  cathy,
  consentRequest,
  from,
  keyMaterial,
  limiterWith,
  NOW,
  report,
  room,
  submit,
} from '../../support/limiter-scene.ts'
import type { Exchange } from '../../../src/model/exchange.ts'
import type { LimitOutcome } from '../../../src/ratelimit/limiter.ts'

const groupInfo = {
  ...base,
  operation: 'groupInfo',
  room,
  requester: undefined,
  pseudonymous: true,
} as Exchange
const told = ({ standings = [] }: LimitOutcome) => standings.map(({ limit }) => limit)

test('a low budget is told of in whole units and seconds', () => {
  const limiter = limiterWith({ roomSender: { perSecond: 0.4, burst: 10 } })
  for (let sent = 0; sent < 8; sent += 1)
    expect(limiter.check(submit(), NOW)).toEqual({ kind: 'allowed' })
  expect(limiter.check(submit(), NOW + 1_000)).toEqual({
    kind: 'allowed',
    standings: [{ limit: 'roomSender', quota: 10, windowSeconds: 25, left: 1, nextSeconds: 2 }],
  })
})

test('a refusal tells of the budget that refused, and its wait is no shorter than that of the next unit', () => {
  const limiter = limiterWith({ reportAbuse: { perSecond: 0.3, burst: 4, cost: 3 } })
  limiter.check(report, NOW)
  const refused = limiter.check(report, NOW)
  expect(refused).toMatchObject({
    kind: 'limited',
    standings: [{ limit: 'reportAbuse', left: 1, nextSeconds: 4 }],
  })
  if (refused.kind !== 'limited') throw new Error('not limited')
  expect(Math.ceil(refused.retryAfterMs / 1_000)).toBeGreaterThanOrEqual(4)
})

test('nobody is told of a budget that others move, of one in shadow, or of how long those need', () => {
  const tiny = { perSecond: 0.01, burst: 1 }
  const shared = { groupInfo: tiny, keyMaterial: tiny, consent: tiny, admissionRoom: tiny }
  const limiter = limiterWith({ ...shared, peerRoom: { ...tiny, mode: 'shadow' } })
  for (const exchange of [groupInfo, keyMaterial(), consentRequest]) {
    expect(told(limiter.check(exchange, NOW))).toEqual([])
    for (const waitedMs of [0, 30_000, 99_000])
      expect(limiter.check(exchange, NOW + waitedMs)).toEqual({
        kind: 'limited',
        limit: expect.toBeOneOf(Object.keys(shared)),
        retryAfterMs: 100_000,
      })
  }
  const admission = { provider: 'b.example', room }
  expect(told(limiter.mayAdmit(admission, NOW))).toEqual([])
  expect(limiter.mayAdmit(admission, NOW)).not.toHaveProperty('standings')
})

test('what a peer is told does not depend on what others do', () => {
  const few = { perSecond: 0.01, burst: 6 }
  const rates = Object.fromEntries(limitNames.map((name) => [name, few]))
  const exchanges = [submit(), groupInfo, keyMaterial(), report]
  const heard = (others: number) => {
    const limiter = limiterWith({ ...rates, groupInfo: { ...few, burst: 20 } })
    for (let asked = 0; asked < others; asked += 1)
      for (const exchange of [submit({ sender: cathy }), groupInfo, report])
        limiter.check({ ...exchange, origin: from('c.example') }, NOW)
    return exchanges.map((exchange) => limiter.check(exchange, NOW).standings)
  }
  expect(heard(0).flat()).toContainEqual(expect.objectContaining({ limit: 'peer' }))
  expect(heard(5)).toEqual(heard(0))
})
