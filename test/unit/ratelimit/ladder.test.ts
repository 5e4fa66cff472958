import { expect, test } from 'vitest'
import type { Exchange } from '../../../src/model/exchange.ts'
import { parseMimiUri } from '../../../src/model/ids.ts'
import { senderTiers } from '../../../src/model/sender-tier.ts'
import type { Standing } from '../../../src/ratelimit/budgets.ts'
import { costDefaults } from '../../../src/ratelimit/costs.ts'
import type { Limiter } from '../../../src/ratelimit/limiter.ts'
import { limitsWith } from '../../../src/ratelimit/limits.ts'
import {
  NOW,
  room,
  bob,
  cathy,
  from,
  base,
  submit,
  keyMaterial,
  limiterWith,
  allowedOf,
  timesAllowed,
  recordingStore,
  consentRequest,
  report,
} from '../../support/limiter-scene.ts'

test('each operation climbs its own ladder, and last it looks at the attempts', () => {
  const { store, calls } = recordingStore()
  const limiter = limiterWith({}, { store })
  const exchanges: Exchange[] = [
    submit(),
    keyMaterial({ room: undefined }),
    { ...base, operation: 'groupInfo', room, requester: bob, pseudonymous: true },
    { ...base, operation: 'update', room, handshake: { kind: 'proposals', proposals: [] } },
    { ...base, operation: 'notify', room, items: [] },
    consentRequest,
    report,
  ]
  for (const exchange of exchanges) limiter.check(exchange, NOW)
  const ladders = calls.map((takes) => takes.map(({ limit }) => limit))
  expect(ladders).toEqual([
    ['peer', 'peerRoom', 'roomSender', 'attempts'],
    ['peer', 'keyMaterialTarget', 'keyMaterial', 'attempts'],
    ['peer', 'peerRoom', 'groupInfo', 'attempts'],
    ['peer', 'peerRoom', 'attempts'],
    ['peer', 'peerRoom', 'attempts'],
    ['peer', 'consent', 'attempts'],
    ['peer', 'peerRoom', 'reportAbuse', 'attempts'],
  ])
  expect(
    calls
      .flat()
      .filter(({ mode }) => mode === 'peek')
      .map(({ limit }) => limit),
  ).toEqual(exchanges.map(() => 'attempts'))
})

test('the tier of a sender says which budget its messages are taken from', () => {
  const { store, calls } = recordingStore()
  const limiter = limiterWith({}, { store })
  for (const tier of senderTiers) limiter.check(submit(), NOW, tier)
  const senders = calls.map((takes) => takes.map(({ limit }) => limit).slice(2, -1))
  expect(senders).toEqual([['roomSender'], ['roomSender'], ['epochSender'], []])
})

test('a pseudonym of a day has a budget of its own in its room', () => {
  const limiter = limiterWith({ epochSender: { burst: 2 }, roomSender: { burst: 1 } })
  const [one, other] = ['e~a', 'e~b'].map((name) =>
    submit({ sender: parseMimiUri(`mimi://b.example/u/${name}`) }),
  )
  if (one === undefined || other === undefined) throw new Error('no sender')
  expect(allowedOf(limiter, one, 'epoch-pseudonym')).toBe(2)
  expect(allowedOf(limiter, other, 'epoch-pseudonym')).toBe(2)
})

test('who only claims to be a pseudonym takes nothing from its budget, and is refused where that is empty', () => {
  const limiter = limiterWith({ epochSender: { burst: 2 } })
  const claimed = () => limiter.check(submit(), NOW, 'epoch-pseudonym')
  for (let sent = 0; sent < 10; sent += 1) expect(claimed().kind).toBe('allowed')
  expect(allowedOf(limiter, submit(), 'epoch-pseudonym')).toBe(2)
  expect(claimed()).toMatchObject({ kind: 'limited', limit: 'epochSender' })
})

test('a budget of proven senders in shadow is counted once', () => {
  const limiter = limiterWith({ epochSender: { burst: 1, mode: 'shadow' } })
  expect(timesAllowed(() => limiter.check(submit(), NOW, 'epoch-pseudonym'))).toBeGreaterThan(9)
  expect(limiter.refusals().shadow).toEqual({})
  for (let sent = 0; sent < 3; sent += 1) limiter.takeProven(submit(), NOW, 'epoch-pseudonym')
  expect(limiter.refusals().shadow).toEqual({ epochSender: 2 })
})

test('certificates are admitted from a budget of their provider and one of the room', () => {
  const limiter = limiterWith({ admissionPeer: { burst: 3 }, admissionRoom: { burst: 5 } })
  const admitted = (provider: string, inRoom = 'r') =>
    timesAllowed(() => limiter.mayAdmit({ provider, room: inRoom }, NOW))
  expect(admitted('b.example')).toBe(3)
  expect(admitted('c.example')).toBe(2)
  expect(admitted('c.example', 'other')).toBe(1)
  expect(limiter.refusals().enforced).toEqual({ admissionPeer: 2, admissionRoom: 1 })
})

test('a verification is paid for before it is made, whether or not it succeeds', () => {
  const limiter = limiterWith({ tokenVerify: { burst: 4 } })
  const verify = (origin: Parameters<Limiter['mayVerify']>[0]) =>
    timesAllowed(() => limiter.mayVerify(origin, NOW))
  expect(verify(base.origin)).toBe(4)
  expect(verify(from('c.example'))).toBe(4)
  expect(verify({ kind: 'clients' })).toBe(4)
  expect(verify({ kind: 'local' })).toBe(5_000)
  expect(limiter.mayVerify(base.origin, NOW)).toMatchObject({ limit: 'tokenVerify' })
})

test('what all clients share shows none of them what the others do', () => {
  const limiter = limiterWith({ tokenVerify: { perSecond: 0.01, burst: 1 } })
  const clients = { kind: 'clients' } as const
  expect(limiter.mayVerify(clients, NOW)).toEqual({ kind: 'allowed' })
  for (const waitedMs of [0, 50_000])
    expect(limiter.mayVerify(clients, NOW + waitedMs)).toEqual({
      kind: 'limited',
      limit: 'tokenVerify',
      retryAfterMs: 100_000,
    })
})

test('a peer without attempts has nothing verified', () => {
  const limiter = limiterWith({ attempts: { burst: 1 } })
  limiter.refused(base.origin, NOW)
  expect(limiter.mayVerify(base.origin, NOW)).toMatchObject({ limit: 'attempts' })
  expect(limiter.mayVerify({ kind: 'clients' }, NOW).kind).toBe('allowed')
})

test('an expensive or large exchange takes more from the wide budgets', () => {
  const limiter = limiterWith(
    { peer: { burst: 20 }, roomSender: { burst: 1_000 } },
    { costs: { octetsPerUnit: 1_000 } },
  )
  expect(allowedOf(limiter, submit({ bytes: Buffer.alloc(4_999) }))).toBe(4)
  expect(allowedOf(limiterWith({ peer: { burst: 20 } }), report)).toBe(4)
})

test('what costs more than a whole budget takes all of it', () => {
  const limiter = limiterWith({ roomSender: { perSecond: 1, burst: 3 } })
  const huge = submit({ bytes: Buffer.alloc(10_000_000) })
  expect(allowedOf(limiter, huge)).toBe(1)
  expect(limiter.check(huge, NOW)).toMatchObject({ limit: 'roomSender', retryAfterMs: 3_000 })
  expect(limiter.check(huge, NOW + 3_000).kind).toBe('allowed')
})

test("the standing of a provider scales its own budgets and nobody else's", () => {
  const standings: Record<string, Standing> = { 'b.example': 0.1, 'c.example': 0.5 }
  const limiter = limiterWith(
    {
      peer: { burst: 100 },
      roomSender: { burst: 1_000 },
      peerRoom: { burst: 1_000 },
      admissionPeer: { burst: 10 },
      admissionRoom: { burst: 1_000 },
    },
    { standingOf: (peer) => standings[peer] ?? 1 },
  )
  const domains = ['b.example', 'c.example', 'd.example']
  const sent = domains.map((domain) => allowedOf(limiter, submit({ origin: from(domain) })))
  expect(sent).toEqual([10, 50, 100])
  const admitted = domains.map((provider) =>
    timesAllowed(() => limiter.mayAdmit({ provider, room }, NOW)),
  )
  expect(admitted).toEqual([1, 5, 10])
  // An empty budget stays empty, and then fills as fast as the new standing says.
  standings['b.example'] = 1
  const later = () => limiter.check(submit({ origin: from('b.example') }), NOW + 50)
  expect(timesAllowed(later)).toBe(50)
})

test('whom a sanction limits has a budget of its own that is smaller, whatever its tier', () => {
  const divided = new Map([[bob as string, 4]])
  const limiter = limiterWith(
    { roomSender: { burst: 8 }, epochSender: { burst: 2 } },
    { divisorOf: (_, sender) => divided.get(sender) ?? 1 },
  )
  expect(allowedOf(limiter, submit())).toBe(2)
  expect(allowedOf(limiter, submit(), 'epoch-pseudonym')).toBe(1)
  expect(allowedOf(limiter, submit({ sender: cathy }))).toBe(8)
  divided.delete(bob)
  expect(allowedOf(limiter, submit())).toBe(8)
})

test('a shadow limit refuses nobody, and says whom it would have refused', () => {
  const said: (readonly string[])[] = []
  const limiter = limiterWith(
    { roomSender: { burst: 1, mode: 'shadow' }, attempts: { burst: 1, mode: 'shadow' } },
    { onLimited: (...all) => void said.push(all) },
  )
  for (let sent = 0; sent < 3; sent += 1) expect(limiter.check(submit(), NOW).kind).toBe('allowed')
  expect(limiter.refusals()).toEqual({ enforced: {}, shadow: { roomSender: 2 } })
  expect(said).toEqual([1, 2].map(() => ['submitMessage', 'roomSender', 'shadow']))
  limiter.refused(base.origin, NOW)
  expect(limiter.mayAttempt({ ...base, operation: 'update' }, NOW).kind).toBe('allowed')
  expect(limiter.refusals().shadow).toMatchObject({ attempts: 1 })
})

test('other settings take effect at once, and what was taken stays taken', () => {
  const limiter = limiterWith({ roomSender: { burst: 2 } })
  expect(allowedOf(limiter, submit())).toBe(2)
  limiter.renew({ limits: limitsWith({ roomSender: { burst: 5 } }), costs: costDefaults })
  expect(allowedOf(limiter, submit())).toBe(3)
})

test('the store never sees a domain, a room or a user', () => {
  const { store, calls } = recordingStore()
  const limiter = limiterWith({}, { store })
  limiter.check(submit(), NOW)
  limiter.check(keyMaterial(), NOW)
  limiter.refused(base.origin, NOW)
  const keys = calls.flat().map(({ key }) => key)
  expect(keys.flatMap((key) => Object.values(key)).every((word) => Number.isInteger(word))).toBe(
    true,
  )
  expect(keys.length).toBeGreaterThan(7)
})
