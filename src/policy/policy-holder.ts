import type { FieldDeclaration } from '../model/adapter.ts'
import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { PolicyEngine } from './engine.ts'
import { createPlanTable, type PlanTable } from './plan-table.ts'

/** Policies that were loaded and verified. */
export interface PolicySet {
  readonly engine: PolicyEngine
  /** SHA-256 of what was read, in hexadecimal: the same input need not be verified again. */
  readonly digest: string
  /** How many policies. */
  readonly policies: number
  /** The revision of a signed bundle. */
  readonly bundle: number | undefined
  readonly loadedAtMs: number
  /** When permits of it expire, in ascending order. */
  readonly expiriesMs: readonly number[]
}

/** The policies in force. A request takes `current()` once and finishes on what it began with. */
export interface PolicyHolder {
  current(): PlanTable
  /** The set in force, then those before it that can come back, the one that was in force last first. */
  sets(): readonly PolicySet[]
  /** A set beside the one in force, whose decisions count for nothing. */
  shadow(): PolicySet | undefined
  /** Whether policies that were to take effect were refused, and none have been accepted since. */
  newestRefused(): boolean
  /** Notes that the newest policies were refused. */
  refuse(): void
  /** One reference changes; plans of the engine before are gone with it, unless it is the same. */
  swap(set: PolicySet, shadow: PolicySet | undefined): void
  /**
   * Puts a set in force again, at once: the one before, or the newest one whose revision begins so.
   * Throws `not-found`.
   */
  rollback(revision?: string): PolicySet
}

/** Whether a permit of a set has expired; it permits nothing any more. */
export function hasExpired({ expiriesMs }: PolicySet, nowMs: number): boolean {
  const [first = Infinity] = expiriesMs
  return first <= nowMs
}

/** What policies are held with. */
export interface PolicyHolding {
  /** Of the adapters in use. */
  readonly declarations: readonly FieldDeclaration[]
  readonly clock: Clock
}

/** Starts with a set. */
export function createPolicyHolder(
  first: { readonly set: PolicySet; readonly shadow: PolicySet | undefined },
  { declarations, clock }: PolicyHolding,
): PolicyHolder {
  let sets: readonly PolicySet[] = [first.set]
  let { shadow } = first
  let table = createPlanTable(first.set.engine, declarations)
  let nextExpiryMs = expiryAfter(first.set, clock())
  let newestRefused = false
  const putInForce = (set: PolicySet): void => {
    if (set.engine === table.engine) return
    table = createPlanTable(set.engine, declarations)
    nextExpiryMs = expiryAfter(set, clock())
    const others = sets.filter(({ engine }) => engine.revision !== set.engine.revision)
    sets = [set, ...others].slice(0, SETS_MAX)
  }
  return {
    current: () => {
      const nowMs = clock()
      if (nowMs >= nextExpiryMs) {
        // What was planned before rests on a permit that permits no more.
        table.invalidate()
        nextExpiryMs = sets[0] === undefined ? Infinity : expiryAfter(sets[0], nowMs)
      }
      return table
    },
    sets: () => sets,
    shadow: () => shadow,
    newestRefused: () => newestRefused,
    refuse: () => {
      newestRefused = true
    },
    swap: (set, beside) => {
      newestRefused = false
      putInForce(set)
      shadow = beside
    },
    rollback: (revision = '') => {
      const found = sets.slice(1).find(({ engine }) => engine.revision.startsWith(revision))
      if (found === undefined) throw new GatewayError('not-found')
      putInForce(found)
      return found
    },
  }
}

function expiryAfter({ expiriesMs }: PolicySet, nowMs: number): number {
  return expiriesMs.find((atMs) => atMs > nowMs) ?? Infinity
}

const SETS_MAX = 5
