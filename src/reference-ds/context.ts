import type { Clock, Randomness } from '../model/clock.ts'
import type { ProviderDomain } from '../model/ids.ts'
import type { Store } from '../sqlite/store.ts'
import type { EventQueues } from './event-queues.ts'
import type { FanoutLanes } from './fanout-lanes.ts'
import type { GatewayLink } from './gateway-link.ts'
import type { KeyedMutex } from './keyed-mutex.ts'
import type { Rooms } from './rooms.ts'

/** What every part of the delivery service works with. */
export interface DsContext {
  readonly domain: ProviderDomain
  readonly store: Store
  readonly clock: Clock
  readonly randomness: Randomness
  readonly gateway: GatewayLink
  readonly queues: EventQueues
  readonly rooms: Rooms
  readonly lanes: FanoutLanes
  /** One room, or one user's KeyPackages, at a time. */
  readonly mutex: KeyedMutex
  /** Whether messages of the epoch before the current one are still accepted. */
  readonly previousEpochAccepted: boolean
  /** What the issuer of tokens hears of a user. */
  readonly standing: (user: string) => Standing
  readonly log: DsLog
}

/** As a provider would say it of its users. */
export type Standing = 'new' | 'normal' | 'restricted' | 'banned'

/** Codes and counts only: never a URI, never content. */
export type DsLog = (entry: DsLogEntry) => void

interface DsLogEntry {
  readonly event: 'fanout-failed' | 'fanout-dead' | 'request-failed'
  readonly code: string
  readonly attempts?: number
}

/** A registered client, proven by its token. */
export interface Account {
  readonly user: string
  readonly client: string
}
