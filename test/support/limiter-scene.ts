import { createSecretKey } from 'node:crypto'
import type {
  Exchange,
  FramedMessage,
  KeyMaterialExchange,
  Origin,
  SubmitMessageExchange,
} from '../../src/model/exchange.ts'
import { parseMimiUri, parseProviderDomain } from '../../src/model/ids.ts'
import type { SenderTier } from '../../src/model/sender-tier.ts'
import { createBucketKeys } from '../../src/ratelimit/bucket-keys.ts'
import { createMemoryBucketStore } from '../../src/ratelimit/bucket-store-memory.ts'
import type { BucketStore } from '../../src/ratelimit/bucket-store.ts'
import type { BudgetTake, Standing } from '../../src/ratelimit/budgets.ts'
import { costDefaults, type Costs } from '../../src/ratelimit/costs.ts'
import { createLimiter, type LimitOutcome, type Limiter } from '../../src/ratelimit/limiter.ts'
import { limitsWith } from '../../src/ratelimit/limits.ts'

export const NOW = 1_760_000_000_000
export const room = parseMimiUri('mimi://a.example/r/clubhouse')
export const bob = parseMimiUri('mimi://b.example/u/bob')
export const cathy = parseMimiUri('mimi://c.example/u/cathy')
export const from = (domain: string): Origin => ({
  kind: 'peer',
  domain: parseProviderDomain(domain),
})
export const base = {
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

export function submit(facts: Partial<SubmitMessageExchange> = {}): SubmitMessageExchange {
  return { ...base, operation: 'submitMessage', room, sender: bob, message, ...facts }
}

export function keyMaterial(facts: Partial<KeyMaterialExchange> = {}): KeyMaterialExchange {
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

export function query(value: number): Exchange {
  return {
    ...base,
    operation: 'identifierQuery',
    domain: parseProviderDomain('a.example'),
    searchTypes: ['handle'],
    valueDigest: Buffer.alloc(32, value),
  }
}

type Overrides = Parameters<typeof limitsWith>[0]

interface Scene {
  readonly store?: BucketStore
  readonly costs?: Partial<Costs>
  readonly standingOf?: (peer: string) => Standing
  readonly divisorOf?: (room: string, sender: string) => number
  readonly onLimited?: (...said: readonly string[]) => void
}

export function limiterWith(overrides: Overrides = {}, scene: Scene = {}): AtOnce {
  const { store = createMemoryBucketStore(), costs, ...rest } = scene
  const keys = createBucketKeys(createSecretKey(Buffer.alloc(32, 1)))
  const settings = { limits: limitsWith(overrides), costs: { ...costDefaults, ...costs } }
  return createLimiter({ store, keys, settings, ...rest }) as AtOnce
}

/** A limiter over buckets in memory never lets anybody wait. */
export interface AtOnce extends Limiter {
  check(...given: Parameters<Limiter['check']>): LimitOutcome
  mayAttempt(...given: Parameters<Limiter['mayAttempt']>): LimitOutcome
  mayVerify(...given: Parameters<Limiter['mayVerify']>): LimitOutcome
  takeProven(...given: Parameters<Limiter['takeProven']>): LimitOutcome
  mayAdmit(...given: Parameters<Limiter['mayAdmit']>): LimitOutcome
}

/** How often in a row an exchange is allowed, of a sender that proves who it is. */
export function allowedOf(limiter: AtOnce, exchange: Exchange, tier?: SenderTier): number {
  return timesAllowed(() => {
    const outcome = limiter.check(exchange, NOW, tier)
    if (outcome.kind === 'limited' || tier === undefined) return outcome
    return limiter.takeProven(exchange, NOW, tier)
  })
}

export function timesAllowed(ask: () => LimitOutcome): number {
  let allowed = 0
  while (allowed < 5_000 && ask().kind === 'allowed') allowed += 1
  return allowed
}

export const consentRequest = {
  ...base,
  operation: 'requestConsent',
  change: 'request',
  requester: bob,
  target: cathy,
  room: undefined,
} as Exchange
export const report = {
  ...base,
  operation: 'reportAbuse',
  room,
  reporter: bob,
  subject: cathy,
  messageCount: 1,
} as Exchange

/** A store that writes down what it is asked for. */
export function recordingStore() {
  const inner = createMemoryBucketStore()
  const calls: BudgetTake[][] = []
  const store: BucketStore = {
    ...inner,
    state: () => inner.state(),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
    look: (buckets, nowMs) => inner.look(buckets, nowMs),
    take: (takes, nowMs) => {
      calls.push([...takes] as BudgetTake[])
      return inner.take(takes, nowMs)
    },
    charge: (takes, nowMs) => {
      calls.push([...takes] as BudgetTake[])
      inner.charge(takes, nowMs)
    },
  }
  return { store, calls }
}
