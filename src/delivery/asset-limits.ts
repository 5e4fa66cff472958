import type { StreamLimits } from './streamed-get.ts'

/** Bounds of fetching assets for others. */
export interface AssetLimits extends StreamLimits {
  /** Connections to one host. */
  readonly connectionsMax: number
  readonly connectMs: number
  readonly idleMs: number
  /** Downloads under way; one more is `queue-full`. */
  readonly inFlightMax: number
  /** Downloads under way for one provider. */
  readonly inFlightPerPeerMax: number
}

export const assetLimitDefaults: AssetLimits = {
  bytesMax: 67_108_864,
  headMs: 10_000,
  deadlineMs: 120_000,
  connectionsMax: 16,
  connectMs: 5_000,
  idleMs: 30_000,
  inFlightMax: 256,
  inFlightPerPeerMax: 32,
}
