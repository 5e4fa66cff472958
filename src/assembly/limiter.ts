import type { KeyRing } from '../keys/key-files.ts'
import { createBucketKeys } from '../ratelimit/bucket-keys.ts'
import { createMemoryBucketStore } from '../ratelimit/bucket-store-memory.ts'
import { createRedisBuckets } from '../ratelimit/bucket-store-redis.ts'
import type { BucketStore } from '../ratelimit/bucket-store.ts'
import type { LimitSettings, Standing } from '../ratelimit/budgets.ts'
import { createLimiter, type Limiter } from '../ratelimit/limiter.ts'
import { limitsWith } from '../ratelimit/limits.ts'
import { createSharedStore } from '../ratelimit/shared-store.ts'
import type { Config } from '../settings/config.ts'
import type { Log } from '../signals/log.ts'
import type { Metrics } from '../signals/metrics.ts'

export interface LimiterParts {
  readonly config: Config
  readonly keys: KeyRing
  readonly metrics: Metrics
  readonly log: Log
  /** How much of its own budgets a provider gets; all of them unless given. */
  readonly standingOf?: ((peer: string) => Standing) | undefined
  /** By how much the budget of a sender in a room is smaller than that of others. */
  readonly divisorOf: (room: string, sender: string, nowMs: number) => number
}

/** The ladder of budgets as the configuration has it. */
export function openLimiter(parts: LimiterParts): Limiter {
  const { config, keys, metrics, standingOf, divisorOf } = parts
  const limiter = createLimiter({
    store: openStore(parts),
    keys: createBucketKeys(keys.active('limiter').key),
    settings: limitSettings(config),
    standingOf,
    divisorOf,
    onLimited: (work, limit, mode) => metrics.limited(work, limit, mode),
  })
  metrics.observe('limiterKeys', () => inThousands(limiter.store().buckets))
  return limiter
}

/** Rounded down: an exact count would tell how many people sent something lately. */
function inThousands(count: number): number {
  return Math.floor(count / 1_000) * 1_000
}

/** What a configuration says of limits. */
export function limitSettings({ rates, costs }: Config): LimitSettings {
  return { limits: limitsWith(rates), costs }
}

function openStore({ config, metrics, log }: LimiterParts): BucketStore {
  const { limiterStore, limits } = config
  const local = createMemoryBucketStore({ keysMax: limits.limiterKeysMax })
  switch (limiterStore.kind) {
    case 'memory':
      return local
    case 'redis':
      return createSharedStore({
        shared: createRedisBuckets(limiterStore),
        local,
        onChange: (isAway) =>
          isAway ? log.warn('limiter.store-away') : log.info('limiter.store-back'),
        onFallback: () => metrics.limiterFellBack(),
      })
  }
}
