import type { BucketKeys } from './bucket-keys.ts'
import type { Take } from './bucket-store.ts'
import type { Costs } from './costs.ts'
import type { Rate } from './gcra.ts'
import type { LimitName, Limits } from './limits.ts'

/** What the operator set; put in force as a whole. */
export interface LimitSettings {
  readonly limits: Limits
  readonly costs: Costs
}

/** How much of its own budgets a provider gets: less where reports about its users were upheld. */
export type Standing = 1 | 0.5 | 0.1

/** What makes the budgets of one provider or sender smaller than those of others. */
export interface Smaller {
  /** Of a provider, by its domain. */
  readonly standingOf: (peer: string) => Standing
  /** By how much the budget of a sender in a room is divided. */
  readonly divisorOf: (room: string, sender: string, nowMs: number) => number
}

/** A take from one budget, and what may be said of it. */
export interface BudgetTake extends Take {
  readonly limit: LimitName
  /** Whether the peer may be told how much is left. */
  readonly isTold: boolean
}

export interface Budgets {
  readonly settings: LimitSettings
  /** The cost of a limit that counts units is times `units`. */
  takeFrom(rung: RungToTake, nowMs: number): BudgetTake
}

export interface RungToTake {
  readonly limit: LimitName
  readonly parts: readonly string[]
  readonly units?: number
  readonly isPeek?: boolean
}

/** Makes takes out of rungs: key, rate, cost and mode. */
export function createBudgets(
  settings: LimitSettings,
  { keys, standingOf, divisorOf }: Smaller & { readonly keys: BucketKeys },
): Budgets {
  const { limits } = settings
  const scaled = new Map<LimitName, ReturnType<typeof scaledRates>>(
    SCALED.map((name) => [name, scaledRates(limits[name])]),
  )
  const rateOf = (limit: LimitName, [first = '']: readonly string[]): Rate =>
    scaled.get(limit)?.[standingOf(first)] ?? limits[limit]
  const takeFrom = (rung: RungToTake, nowMs: number): BudgetTake => {
    const { limit, parts, units = 1, isPeek = false } = rung
    const { cost, counts, mode, isTold } = limits[limit]
    const divisor = SENDERS.has(limit) ? divisorOf(parts[0] ?? '', parts[1] ?? '', nowMs) : 1
    return {
      limit,
      // A bucket of its own, since the state of one rate means nothing at another.
      key: keys.key(divisor > 1 ? `${limit}/${divisor}` : limit, parts, nowMs),
      rate: divisor > 1 ? divided(limits[limit], divisor) : rateOf(limit, parts),
      cost: counts === 'units' ? cost * units : cost,
      mode: isPeek ? 'peek' : 'spend',
      isShadow: mode === 'shadow',
      isTold: isTold && mode === 'enforce',
    }
  }
  return { settings, takeFrom }
}

/** Whom a sanction limits has the budget of others, divided: at least one unit when it is full. */
function divided({ perSecond, burst }: Rate, divisor: number): Rate {
  return { perSecond: perSecond / divisor, burst: Math.max(1, burst / divisor) }
}

function scaledRates({ perSecond, burst }: Rate): Readonly<Record<Standing, Rate>> {
  const rateAt = (standing: Standing): Rate => ({
    perSecond: perSecond * standing,
    burst: Math.max(1, burst * standing),
  })
  return { 1: rateAt(1), 0.5: rateAt(0.5), 0.1: rateAt(0.1) }
}

/** What belongs to a provider as a whole and lets messages in. */
const SCALED = ['peer', 'admissionPeer'] as const satisfies readonly LimitName[]
const SENDERS: ReadonlySet<LimitName> = new Set(['roomSender', 'epochSender'])
