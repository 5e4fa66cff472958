import type { Rate } from './gcra.ts'

export interface LimitDefinition extends Rate {
  /** What one exchange takes; at most `burst`. */
  readonly cost: number
  /** Whose budget it is, for people. */
  readonly per: string
}

/** Every budget with its default. A limit is added here and in the ladder, nowhere else. */
export const limitDefaults = {
  peer: { perSecond: 1_000, burst: 2_000, cost: 1, per: 'peer' },
  peerRoom: { perSecond: 200, burst: 400, cost: 1, per: 'peer and room' },
  roomSender: { perSecond: 5, burst: 40, cost: 1, per: 'room and sender' },
  keyMaterial: { perSecond: 0.1, burst: 10, cost: 1, per: 'requester and target' },
  keyMaterialTarget: { perSecond: 1, burst: 50, cost: 1, per: 'peer and target' },
  groupInfo: { perSecond: 1, burst: 20, cost: 1, per: 'room' },
  identifierQuery: { perSecond: 0.02, burst: 3, cost: 1, per: 'peer and searched value' },
  identifierQueryPeer: { perSecond: 2, burst: 30, cost: 1, per: 'peer' },
  consent: { perSecond: 0.02, burst: 5, cost: 1, per: 'requester and target' },
  reportAbuse: { perSecond: 0.2, burst: 10, cost: 1, per: 'peer and room' },
  proxyDownload: { perSecond: 20, burst: 200, cost: 1, per: 'peer' },
  attempts: { perSecond: 10, burst: 200, cost: 1, per: 'peer' },
} as const satisfies Record<string, LimitDefinition>

export type LimitName = keyof typeof limitDefaults
export type Limits = Readonly<Record<LimitName, LimitDefinition>>

export const limitNames = Object.keys(limitDefaults).filter(isLimitName)

function isLimitName(name: string): name is LimitName {
  return Object.hasOwn(limitDefaults, name)
}

/** The defaults with what an operator set otherwise. Throws `RangeError` for a rate that cannot work. */
export function limitsWith(
  overrides: Readonly<Partial<Record<LimitName, Partial<Omit<LimitDefinition, 'per'>>>>> = {},
): Limits {
  const limits: Record<LimitName, LimitDefinition> = { ...limitDefaults }
  for (const name of limitNames) {
    const limit = { ...limits[name], ...overrides[name] }
    if (!isWorkable(limit)) throw new RangeError(`limit ${name} cannot work`)
    limits[name] = Object.freeze(limit)
  }
  return Object.freeze(limits)
}

function isWorkable({ perSecond, burst, cost }: LimitDefinition): boolean {
  return (
    Number.isFinite(perSecond) &&
    Number.isFinite(burst) &&
    perSecond > 0 &&
    burst >= 1 &&
    cost > 0 &&
    cost <= burst
  )
}
