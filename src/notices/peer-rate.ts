import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { ProviderDomain } from '../model/ids.ts'
import { takeFromBucket } from '../ratelimit/gcra.ts'

/** A budget of each peer for one path. */
export interface PeerRate {
  readonly perSecond: number
  /** At once. */
  readonly burst: number
  /** What `rate-limited` calls it. */
  readonly limit: string
}

/** Takes one from the budget of a peer. Throws `rate-limited`. */
export function createPeerRate(rate: PeerRate, clock: Clock): (peer: ProviderDomain) => void {
  const buckets = new Map<ProviderDomain, number>()
  return (peer) => {
    const outcome = takeFromBucket(rate, { tatMs: buckets.get(peer), nowMs: clock() })
    if (buckets.size >= BUCKETS_MAX) buckets.clear()
    buckets.set(peer, outcome.tatMs)
    if (outcome.kind === 'taken') return
    const { retryAfterMs } = outcome
    throw new GatewayError('rate-limited', { retryAfterMs, facts: { limit: rate.limit } })
  }
}

const BUCKETS_MAX = 65_536
