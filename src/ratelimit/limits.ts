import type { Rate } from './gcra.ts'

/** What tells buckets of one limit apart. */
export type Part = 'peer' | 'room' | 'sender' | 'requester' | 'target' | 'value'

/** What an operator may set of a limit. */
export interface LimitSetting extends Rate {
  /** What one exchange takes, times its units where the limit counts those; at most `burst`. */
  readonly cost: number
  /** `shadow`: decided and counted, and refuses nobody. */
  readonly mode: LimitMode
}

export const limitModes = ['enforce', 'shadow'] as const
export type LimitMode = (typeof limitModes)[number]

export interface LimitDefinition extends LimitSetting {
  /** Whose budget it is. */
  readonly of: readonly Part[]
  /** `units`: an expensive or large exchange takes more. */
  readonly counts: 'units' | 'requests'
  /** Whose budget it is, for people. */
  readonly per: string
  /**
   * Whether a peer is told how much is left. INVARIANT: only where nobody but the peer itself moves the
   * bucket; the others would show what other providers do in a room, or what our own users agree to.
   */
  readonly isTold: boolean
}

const shared = { cost: 1, mode: 'enforce', counts: 'requests', isTold: false } as const
const own = { ...shared, isTold: true } as const
const perPeer = { ...own, of: ['peer'], per: 'peer' } as const

/** Every budget with its default. A limit is added here and in the ladder, nowhere else. */
export const limitDefaults = {
  peer: { ...perPeer, perSecond: 1_000, burst: 2_000, counts: 'units' },
  peerRoom: {
    ...own,
    perSecond: 200,
    burst: 400,
    counts: 'units',
    of: ['peer', 'room'],
    per: 'peer and room',
  },
  roomSender: {
    ...own,
    perSecond: 5,
    burst: 40,
    counts: 'units',
    of: ['room', 'sender'],
    per: 'room and sender',
  },
  epochSender: {
    ...own,
    perSecond: 1,
    burst: 20,
    counts: 'units',
    of: ['room', 'sender'],
    per: 'room and pseudonym of a day',
  },
  // At the begin of a day everybody comes for another certificate. Clients come themselves as well.
  admissionPeer: { ...perPeer, perSecond: 50, burst: 2_000, isTold: false },
  admissionRoom: { ...shared, perSecond: 10, burst: 500, of: ['room'], per: 'room' },
  // Each message of a pseudonym of a day has a proof, so no tighter than `peer`.
  tokenVerify: { ...perPeer, perSecond: 1_000, burst: 2_000 },
  keyMaterial: {
    ...shared,
    perSecond: 0.1,
    burst: 10,
    of: ['requester', 'target'],
    per: 'requester and target',
  },
  keyMaterialTarget: {
    ...own,
    perSecond: 1,
    burst: 50,
    of: ['peer', 'target'],
    per: 'peer and target',
  },
  groupInfo: { ...shared, perSecond: 1, burst: 20, of: ['room'], per: 'room' },
  identifierQuery: {
    ...own,
    perSecond: 0.02,
    burst: 3,
    of: ['peer', 'value'],
    per: 'peer and searched value',
  },
  identifierQueryPeer: { ...perPeer, perSecond: 2, burst: 30 },
  consent: {
    ...shared,
    perSecond: 0.02,
    burst: 5,
    of: ['requester', 'target'],
    per: 'requester and target',
  },
  reportAbuse: {
    ...own,
    perSecond: 0.2,
    burst: 10,
    of: ['peer', 'room'],
    per: 'peer and room',
  },
  proxyDownload: { ...perPeer, perSecond: 20, burst: 200 },
  attempts: { ...perPeer, perSecond: 10, burst: 200 },
} as const satisfies Record<string, LimitDefinition>

export type LimitName = keyof typeof limitDefaults
export type Limits = Readonly<Record<LimitName, LimitDefinition>>

export const limitNames = Object.keys(limitDefaults).filter(isLimitName)

function isLimitName(name: string): name is LimitName {
  return Object.hasOwn(limitDefaults, name)
}

/** The defaults with what an operator set otherwise. Throws `RangeError` for a rate that cannot work. */
export function limitsWith(
  overrides: Readonly<Partial<Record<LimitName, Partial<LimitSetting>>>> = {},
): Limits {
  const limits: Record<LimitName, LimitDefinition> = { ...limitDefaults }
  for (const name of limitNames) {
    const limit = { ...limits[name], ...overrides[name] }
    if (!isWorkable(limit)) throw new RangeError(`limit ${name} cannot work`)
    limits[name] = Object.freeze(limit)
  }
  return Object.freeze(limits)
}

function isWorkable({ perSecond, burst, cost }: LimitSetting): boolean {
  return (
    Number.isFinite(perSecond) &&
    Number.isFinite(burst) &&
    perSecond > 0 &&
    burst >= 1 &&
    cost > 0 &&
    cost <= burst
  )
}
