import { createSecretKey } from 'node:crypto'
import { expect, test } from 'vitest'
import type {
  Exchange,
  FramedMessage,
  KeyMaterialExchange,
  Origin,
  SubmitMessageExchange,
} from '../../../src/model/exchange.ts'
import { parseMimiUri, parseProviderDomain } from '../../../src/model/ids.ts'
import { createBucketKeys } from '../../../src/ratelimit/bucket-keys.ts'
import { createMemoryBucketStore } from '../../../src/ratelimit/bucket-store-memory.ts'
import type { BucketStore } from '../../../src/ratelimit/bucket-store.ts'
import { createLimiter, type Limiter } from '../../../src/ratelimit/limiter.ts'
import { limitsWith } from '../../../src/ratelimit/limits.ts'
import { rungsOf } from '../../../src/ratelimit/ladder.ts'

const NOW = 1_760_000_000_000
const room = parseMimiUri('mimi://a.example/r/clubhouse')
const bob = parseMimiUri('mimi://b.example/u/bob')
const cathy = parseMimiUri('mimi://c.example/u/cathy')
const from = (domain: string): Origin => ({ kind: 'peer', domain: parseProviderDomain(domain) })
const base = {
  protocol: 'mimi',
  direction: 'ingress',
  origin: from('b.example'),
  bytes: Buffer.alloc(0),
} as const
const message: FramedMessage = {
  bytes: Buffer.alloc(0),
  wireFormat: 'private',
  contentType: 'application',
  groupId: Buffer.alloc(0),
  epoch: 0n,
  frankingTag: undefined,
  aadComponents: [],
  ciphertextBytes: 256,
}

function submit(facts: Partial<SubmitMessageExchange> = {}): SubmitMessageExchange {
  return { ...base, operation: 'submitMessage', room, sender: bob, message, ...facts }
}

function keyMaterial(facts: Partial<KeyMaterialExchange> = {}): KeyMaterialExchange {
  return {
    ...base,
    operation: 'keyMaterial',
    target: cathy,
    requester: bob,
    room,
    pseudonymous: false,
    ...facts,
  }
}

function query(value: number): Exchange {
  return {
    ...base,
    operation: 'identifierQuery',
    domain: parseProviderDomain('a.example'),
    searchTypes: ['handle'],
    valueDigest: Buffer.alloc(32, value),
  }
}

function limiterWith(
  overrides: Parameters<typeof limitsWith>[0] = {},
  store: BucketStore = createMemoryBucketStore(),
): Limiter {
  const keys = createBucketKeys(createSecretKey(Buffer.alloc(32, 1)))
  return createLimiter({ store, keys, limits: limitsWith(overrides) })
}

/** How often in a row an exchange is allowed. */
function allowedOf(limiter: Limiter, exchange: Exchange): number {
  let allowed = 0
  while (allowed < 5_000 && limiter.check(exchange, NOW).kind === 'allowed') allowed += 1
  return allowed
}

test('a sender gets the burst of its budget in a room and is told when to come back', () => {
  const limiter = limiterWith({ roomSender: { perSecond: 2, burst: 3 } })
  expect(allowedOf(limiter, submit())).toBe(3)
  expect(limiter.check(submit(), NOW)).toEqual({
    kind: 'limited',
    limit: 'roomSender',
    retryAfterMs: 500,
  })
  expect(limiter.check(submit(), NOW + 500)).toEqual({ kind: 'allowed' })
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
  for (let refused = 0; refused < 3; refused += 1) {
    expect(limiter.mayAttempt(origin, NOW).kind).toBe('allowed')
    limiter.refused(origin, NOW)
  }
  const limited = { kind: 'limited', limit: 'attempts', retryAfterMs: 1_000 }
  expect(limiter.mayAttempt(origin, NOW)).toEqual(limited)
  expect(limiter.check(submit(), NOW)).toEqual(limited)
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
  expect(limiter.mayAttempt(local.origin, NOW).kind).toBe('allowed')
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
  expect(limiter.refusals()).toEqual({})
  for (let asked = 0; asked < 3; asked += 1) limiter.check(submit(), NOW)
  limiter.refused(base.origin, NOW)
  limiter.mayAttempt(base.origin, NOW)
  expect(limiter.refusals()).toEqual({ roomSender: 2, attempts: 1 })
})

test('each operation climbs its own ladder', () => {
  const ladders = (
    [
      submit(),
      keyMaterial({ room: undefined }),
      { ...base, operation: 'groupInfo', room, requester: bob, pseudonymous: true },
      { ...base, operation: 'update', room, handshake: { kind: 'proposals', proposals: [] } },
      { ...base, operation: 'notify', room, items: [] },
      {
        ...base,
        operation: 'requestConsent',
        change: 'request',
        requester: bob,
        target: cathy,
        room: undefined,
      },
      {
        ...base,
        operation: 'reportAbuse',
        room,
        reporter: bob,
        subject: cathy,
        messageCount: 1,
      },
    ] satisfies Exchange[]
  ).map((exchange) => rungsOf(exchange).map((rung) => rung.limit))
  expect(ladders).toEqual([
    ['peer', 'peerRoom', 'roomSender'],
    ['peer', 'keyMaterialTarget', 'keyMaterial'],
    ['peer', 'peerRoom', 'groupInfo'],
    ['peer', 'peerRoom'],
    ['peer', 'peerRoom'],
    ['peer', 'consent'],
    ['peer', 'peerRoom', 'reportAbuse'],
  ])
})

test('the store never sees a domain, a room or a user', () => {
  const inner = createMemoryBucketStore()
  const seen: string[] = []
  const store: BucketStore = {
    take: (takes, nowMs) => {
      seen.push(...takes.map((each) => each.key))
      return inner.take(takes, nowMs)
    },
    charge: (takes, nowMs) => {
      seen.push(...takes.map((each) => each.key))
      inner.charge(takes, nowMs)
    },
  }
  const limiter = limiterWith({}, store)
  limiter.check(submit(), NOW)
  limiter.check(keyMaterial(), NOW)
  limiter.refused(base.origin, NOW)
  expect(seen.filter((key) => !/^[\w-]{22}$/.test(key))).toEqual([])
  expect(seen.length).toBeGreaterThan(7)
})
