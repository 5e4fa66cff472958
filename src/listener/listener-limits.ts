import type { ConnectionCaps } from './connection-caps.ts'

/** Every bound of a listener that is not of one operation. */
export interface ListenerLimits extends ConnectionCaps {
  readonly connectionsMax: number
  /** Requests under way; one more is `queue-full`. */
  readonly inFlightMax: number
  readonly headerBytesMax: number
  /** For the TLS handshake, and again for the whole head of a request. */
  readonly headersMs: number
  /** For a whole request, from its first byte to its last. */
  readonly requestMs: number
  readonly keepAliveMs: number
  /** A connection on which nothing moves for so long is closed, also while an answer waits to be read. */
  readonly inactiveMs: number
  /** How often the time limits are looked at. */
  readonly checkMs: number
}

export const listenerLimitDefaults: ListenerLimits = {
  handshakesPerAddressMax: 256,
  connectionsPerPeerMax: 256,
  connectionsMax: 10_000,
  inFlightMax: 10_000,
  headerBytesMax: 16_384,
  headersMs: 10_000,
  requestMs: 30_000,
  keepAliveMs: 65_000,
  inactiveMs: 120_000,
  checkMs: 5_000,
}
