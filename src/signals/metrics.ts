import { metrics, type Attributes, type Meter } from '@opentelemetry/api'
import type { ErrorCode } from '../model/errors.ts'
import type { Direction, Operation } from '../model/exchange.ts'
import type { Literal } from './log-safe.ts'

export interface ExchangeOutcome {
  readonly operation: Operation
  readonly direction: Direction
  readonly outcome: 'accepted' | ErrorCode
  readonly durationMs: number
}

/** One function per business event. Every attribute is from a closed list; none throws. */
export interface Metrics {
  exchangeEnded(exchange: ExchangeOutcome): void
  /** One notify to one follower. */
  fanoutEnded(outcome: 'delivered' | 'failed' | 'given-up'): void
  /** A limit refused, or would have in `shadow`; `limit` is its name in postern.yaml. */
  limited<const Limit extends string>(
    work: Operation | 'admission',
    limit: Literal<Limit>,
    mode: 'enforce' | 'shadow',
  ): void
  /** An accepted application message: franked, or passed on without a frank. */
  stamped(kind: 'franked' | 'unfranked'): void
  /** A decision on limits was made without the store that all nodes share. */
  limiterFellBack(): void
  /** A report, by the result of its verification. */
  reportReceived(result: 'verified' | 'contradicted' | 'unverifiable' | 'not-checked'): void
  /** An asset whose first bytes were passed on: to its end, or not. */
  downloadEnded(outcome: 'complete' | 'cut'): void
  /** Decisions that did not get into a decision log: its ring was full, or writing failed. */
  decisionsDropped(sink: 'file' | 'otlp', reason: 'full' | 'failed', count: number): void
  /** Policies that were to take effect did not load. */
  policiesRefused(): void
  /** Tokens of a class that were issued to one account. */
  tokensIssued(tokenClass: 'message' | 'first-contact', count: number): void
  /** A request for tokens that got none. */
  tokensRefused(code: ErrorCode): void
  /** Reads a level whenever metrics are collected. */
  observe(level: Level, read: () => number): void
}

/** What has a height rather than a count. */
export type Level =
  'policiesLoaded' | 'queueLength' | 'roomsInMemory' | 'plansInMemory' | 'limiterKeys'

/** Instruments on the global meter, which `telemetry.ts` sets: call it after that one is loaded. */
export function createMetrics(meter: Meter = metrics.getMeter('postern')): Metrics {
  const exchanges = createTally(meter, 'postern.exchanges', {
    description: 'Exchanges by operation, direction and outcome',
  })
  const duration = meter.createHistogram('postern.exchange.duration.seconds', {
    description: 'Time from the whole request to the answer',
    advice: { explicitBucketBoundaries: DURATION_BUCKETS_S },
  })
  const fanout = createTally(meter, 'postern.fanout', {
    description: 'Notifications to followers by outcome',
  })
  const limits = createTally(meter, 'postern.limited', {
    description: 'Requests that a rate limit refused, or would have refused in shadow',
  })
  const fallbacks = createTally(meter, 'postern.limiter.fallbacks', {
    description: 'Decisions on limits that were made without the shared store, with half limits',
  })
  fallbacks.add('', {}, 0)
  const stamps = meter.createCounter('postern.stamps', {
    description: 'Accepted application messages, with and without a frank',
  })
  const reports = meter.createCounter('postern.reports', {
    description: 'Abuse reports by result of their verification',
  })
  const downloads = meter.createCounter('postern.downloads', {
    description: 'Assets that began to be passed on, complete or cut',
  })
  const decisions = createTally(meter, 'postern.decision.log.dropped', {
    description: 'Decisions that did not get into the decision log, by sink and reason',
  })
  const policies = createTally(meter, 'postern.policies.refused', {
    description: 'Policies that were to take effect and did not load',
  })
  policies.add('', {}, 0)
  return {
    exchangeEnded: ({ operation, direction, outcome, durationMs }) => {
      exchanges.add(`${operation} ${direction} ${outcome}`, { operation, direction, outcome })
      duration.record(durationMs / 1_000, { operation, direction })
    },
    fanoutEnded: (outcome) => fanout.add(outcome, { outcome }),
    limited: (work, limit: string, mode) =>
      limits.add(`${work} ${limit} ${mode}`, { operation: work, limit, mode }),
    stamped: (kind) => stamps.add(1, { kind }),
    limiterFellBack: () => fallbacks.add('', {}),
    reportReceived: (result) => reports.add(1, { result }),
    downloadEnded: (outcome) => downloads.add(1, { outcome }),
    decisionsDropped: (sink, reason, count) =>
      decisions.add(`${sink} ${reason}`, { sink, reason }, count),
    policiesRefused: () => policies.add('', {}),
    ...tokenMetrics(meter),
    observe: (level, read) => {
      const { name, description } = LEVELS[level]
      meter
        .createObservableGauge(name, { description })
        .addCallback((observation) => observation.observe(read()))
    },
  }
}

/** What the issuer gave out and refused. */
function tokenMetrics(meter: Meter): Pick<Metrics, 'tokensIssued' | 'tokensRefused'> {
  const issued = createTally(meter, 'postern.tokens.issued', {
    description: 'Tokens that were issued, by class',
  })
  const refused = createTally(meter, 'postern.tokens.refused', {
    description: 'Requests for tokens that got none, by the code of the refusal',
  })
  return {
    tokensIssued: (tokenClass, count) => issued.add(tokenClass, { class: tokenClass }, count),
    tokensRefused: (code) => refused.add(code, { code }),
  }
}

interface Tally {
  /** `key` stands for the attributes, which are from closed lists. */
  add(key: string, attributes: Attributes, count?: number): void
}

/** Totals that are read when metrics are collected: a counter sorts and joins its attributes at each call. */
function createTally(meter: Meter, name: string, options: { readonly description: string }): Tally {
  const totals = new Map<string, { readonly attributes: Attributes; total: number }>()
  meter.createObservableCounter(name, options).addCallback((observation) => {
    for (const { attributes, total } of totals.values()) observation.observe(total, attributes)
  })
  return {
    add: (key, attributes, count = 1) => {
      const known = totals.get(key)
      if (known === undefined) totals.set(key, { attributes, total: count })
      else known.total += count
    },
  }
}

const DURATION_BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 2.5, 10]
const LEVELS: Readonly<Record<Level, { readonly name: string; readonly description: string }>> = {
  policiesLoaded: {
    name: 'postern.policies.loaded.seconds',
    description: 'When the policies in force were loaded, in seconds since the Unix epoch',
  },
  queueLength: { name: 'postern.queue.length', description: 'Notifications not yet delivered' },
  roomsInMemory: { name: 'postern.rooms.memory', description: 'Rooms whose state is in memory' },
  plansInMemory: { name: 'postern.plans.memory', description: 'Disclosure plans in memory' },
  limiterKeys: { name: 'postern.limiter.keys', description: 'Keys that the rate limiter holds' },
}
