import type { Clock, Randomness } from '../model/clock.ts'
import type { Audience } from '../model/metadata.ts'
import type { SenderTier } from '../model/sender-tier.ts'
import type { Log } from '../signals/log.ts'
import type { Metrics } from '../signals/metrics.ts'
import type { Admission, Circumstances, Disclosure, Verdict } from './decision.ts'
import { Outlet } from './outlet.ts'
import type { Labels } from './record.ts'
import { createSampler } from './sampler.ts'
import type { DecisionSink } from './sink.ts'

/** What policies decide, for those who have to account for it. Nothing here waits or throws. */
export interface DecisionLog extends AsyncDisposable {
  admission(of: Circumstances, admission: Admission, tier: SenderTier): void
  disclosure(of: Circumstances, disclosure: Disclosure, audience: Audience): void
  /** Resolves when all before it is written, or lost, or after 5 s. */
  flush(): Promise<void>
}

export interface DecisionLogOptions {
  readonly sinks: readonly DecisionSink[]
  readonly provider: string
  readonly version: string
  /** One in so many allows; 0 for none. Refusals are all logged. */
  readonly sampleAllows: number
  readonly metrics: Metrics
  readonly log: Log
  readonly clock: Clock
  readonly randomness: Randomness
}

/** Drained every 100 ms, whenever asked, and at its end. */
export function createDecisionLog(options: DecisionLogOptions): DecisionLog {
  const { sinks, metrics, log, clock, randomness } = options
  if (sinks.length === 0) return NO_DECISION_LOG
  const labels = labelsOf(options)
  const outlets = sinks.map((sink) => new Outlet({ sink, labels, metrics, log }))
  const sampled = createSampler(options.sampleAllows, randomness)
  let number = 0
  const put = (of: Circumstances, verdict: Verdict): void => {
    number += 1
    const { exchange, context, decisions, peer, room } = of
    const { operation, direction, origin } = exchange
    const decision = {
      number,
      atMs: clock(),
      requestId: context.requestId,
      operation,
      direction,
      local: origin.kind === 'local',
      decisions,
      peer,
      room,
      verdict,
    }
    for (const outlet of outlets) outlet.put(decision)
  }
  const timer = setInterval(() => {
    for (const outlet of outlets) void outlet.drain()
  }, DRAIN_EVERY_MS)
  timer.unref()
  const flush = (): Promise<void> =>
    orAfter(FLUSH_MS_MAX, Promise.all(outlets.map((outlet) => outlet.flush())))
  return {
    admission: (of, admission, tier) => {
      if (admission.kind === 'admitted' && !sampled()) return
      put(of, { path: 'admission', admission, tier })
    },
    disclosure: (of, disclosure, audience) => {
      if (disclosure.kind === 'granted' && !sampled()) return
      put(of, { path: 'disclosure', disclosure, audience })
    },
    flush,
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer)
      await flush()
      for (const outlet of outlets) outlet.abandon()
    },
  }
}

/** Where nobody asked for one. */
export const NO_DECISION_LOG: DecisionLog = {
  admission: () => {},
  disclosure: () => {},
  flush: () => Promise.resolve(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
}

function labelsOf({ provider, version, sampleAllows, randomness }: DecisionLogOptions): Labels {
  return {
    app: 'postern',
    id: randomness(16).toString('hex'),
    version,
    provider,
    sample_allows: String(sampleAllows),
  }
}

/** A sink that hangs does not keep us from stopping. */
async function orAfter(delayMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const waited = new Promise((resolve) => {
    timer = setTimeout(resolve, delayMs)
  })
  await Promise.race([work, waited])
  clearTimeout(timer)
}

const DRAIN_EVERY_MS = 100
const FLUSH_MS_MAX = 5_000
