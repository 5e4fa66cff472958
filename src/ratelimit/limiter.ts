import { isPending, type Eventually } from '../model/eventually.ts'
import type { Operation, Origin } from '../model/exchange.ts'
import type { BudgetStanding } from '../model/handle.ts'
import type { SenderTier } from '../model/sender-tier.ts'
import type { BucketKeys } from './bucket-keys.ts'
import type { BucketStore, BucketStoreState, TakeOutcome } from './bucket-store.ts'
import { createBudgets, type BudgetTake, type LimitSettings, type Standing } from './budgets.ts'
import { unitsOf } from './costs.ts'
import { explainLadder, type RungView } from './explain-ladder.ts'
import {
  isForPeersOnly,
  isForProvenOnly,
  limitsOf,
  partsOf,
  peerOf,
  type Climber,
} from './ladder.ts'
import type { LimitMode, LimitName } from './limits.ts'
import { standingOfLimit, standingsOf, worstWaitMs } from './standings.ts'

export type LimitOutcome =
  /** `standings` are the peer's own budgets that are low; undefined for none. */
  | { readonly kind: 'allowed'; readonly standings?: readonly BudgetStanding[] | undefined }
  /** `retryAfterMs` is how long the slowest of the exhausted budgets needs. */
  | {
      readonly kind: 'limited'
      readonly limit: LimitName
      readonly retryAfterMs: number
      readonly standings?: readonly BudgetStanding[] | undefined
    }

/** What is limited: an operation, or the admission of a certificate. */
export type LimitedWork = Operation | 'admission'

/** Who presents a token: a gateway, or a client that came by itself and can't be told from the others. */
export type Verifying = Origin | { readonly kind: 'clients' }

/** The ladder of budgets that every exchange climbs. */
export interface Limiter extends AsyncDisposable {
  /**
   * Takes from all budgets of the exchange, or from none and says which one is exhausted. The budget of a
   * sender that has yet to prove who it is has to have what it costs, and nothing is taken from it.
   */
  check(climber: Climber, nowMs: number, tier?: SenderTier): Eventually<LimitOutcome>
  /** Whether the peer has attempts left: for before its bytes are parsed. Takes nothing. */
  mayAttempt(attempt: Attempt, nowMs: number): Eventually<LimitOutcome>
  /** Takes a verification of a token or a proof: for before any cryptography. None for our own delivery service. */
  mayVerify(origin: Verifying, nowMs: number): Eventually<LimitOutcome>
  /** Takes what `check` only looked at: for after the sender's proof held. */
  takeProven(climber: Climber, nowMs: number, tier: SenderTier): Eventually<LimitOutcome>
  /** Takes the admission of a certificate from its issuer's and the room's budget: for after it verified. */
  mayAdmit(admission: AdmissionToLimit, nowMs: number): Eventually<LimitOutcome>
  /** Charges a refusal (not one by `check`) to the peer's attempts; with none left `check` limits it. */
  refused(origin: Origin, nowMs: number): void
  /** Puts other settings in force; buckets stay as they are. */
  renew(settings: LimitSettings): void
  /** What `check` would find, rung by rung. Takes nothing. */
  explain(climber: Climber, nowMs: number, tier?: SenderTier): Eventually<readonly RungView[]>
  /** How often each budget has limited since the start, and how often one in shadow mode would have. */
  refusals(): Readonly<Record<'enforced' | 'shadow', Readonly<Partial<Record<LimitName, number>>>>>
  settings(): LimitSettings
  store(): BucketStoreState
}

interface Attempt {
  readonly origin: Origin
  readonly operation: Operation
}

interface AdmissionToLimit {
  /** The domain of the provider whose issuer vouches for the certificate. */
  readonly provider: string
  /** Undefined for what is of no room. */
  readonly room?: string
}

export interface LimiterOptions {
  readonly store: BucketStore
  readonly keys: BucketKeys
  readonly settings: LimitSettings
  /** Of a provider, by its domain; 1 for all unless given. */
  readonly standingOf?: ((peer: string) => Standing) | undefined
  /** By how much the budget of a sender in a room is smaller than that of others; 1 unless given. */
  readonly divisorOf?: ((room: string, sender: string, nowMs: number) => number) | undefined
  /** Told of every refusal, and of every one that a shadow limit would have been. */
  readonly onLimited?: ((work: LimitedWork, limit: LimitName, mode: LimitMode) => void) | undefined
}

/** A limiter over a store; about 1 µs per exchange with the store in memory, and then it answers at once. */
export function createLimiter(options: LimiterOptions): Limiter {
  return new LadderLimiter(options)
}

class LadderLimiter implements Limiter {
  private readonly options: LimiterOptions
  private readonly counts = {
    enforce: new Map<LimitName, number>(),
    shadow: new Map<LimitName, number>(),
  }
  private budgets

  constructor(options: LimiterOptions) {
    this.options = options
    this.budgets = this.budgetsOf(options.settings)
  }

  check(
    climber: Climber,
    nowMs: number,
    tier: SenderTier = 'identified',
  ): Eventually<LimitOutcome> {
    const { operation, origin } = climber
    const takes: BudgetTake[] = []
    for (const limit of limitsOf(operation, tier)) {
      if (origin.kind === 'local' && isForPeersOnly(limit)) continue
      const take = this.takeOf(climber, limit, nowMs)
      if (take === undefined) continue
      if (!isForProvenOnly(limit)) takes.push(take)
      // One in shadow is counted once, where it is taken from.
      else if (!take.isShadow) takes.push({ ...take, mode: 'peek' })
    }
    const attempts = this.attempts(origin, nowMs)
    if (attempts !== undefined) takes.push(attempts)
    return this.take(takes, operation, nowMs)
  }

  takeProven(climber: Climber, nowMs: number, tier: SenderTier): Eventually<LimitOutcome> {
    const takes = limitsOf(climber.operation, tier)
      .filter((limit) => isForProvenOnly(limit))
      .flatMap((limit) => this.takeOf(climber, limit, nowMs) ?? [])
    return this.take(takes, climber.operation, nowMs)
  }

  mayAttempt({ origin, operation }: Attempt, nowMs: number): Eventually<LimitOutcome> {
    const attempts = this.attempts(origin, nowMs)
    return attempts === undefined ? ALLOWED : this.take([attempts], operation, nowMs)
  }

  mayVerify(origin: Verifying, nowMs: number): Eventually<LimitOutcome> {
    if (origin.kind === 'local') return ALLOWED
    const who = origin.kind === 'clients' ? CLIENTS : origin.domain
    const rung = { limit: 'tokenVerify', parts: [who] } as const
    const taken = this.budgets.takeFrom(rung, nowMs)
    // What all clients share must not show to one of them what the others do.
    const verification = origin.kind === 'clients' ? { ...taken, isTold: false } : taken
    const attempts = origin.kind === 'peer' ? this.attempts(origin, nowMs) : undefined
    const takes = attempts === undefined ? [verification] : [verification, attempts]
    return this.take(takes, 'admission', nowMs)
  }

  mayAdmit({ provider, room }: AdmissionToLimit, nowMs: number): Eventually<LimitOutcome> {
    const takes = [this.budgets.takeFrom({ limit: 'admissionPeer', parts: [provider] }, nowMs)]
    if (room !== undefined)
      takes.push(this.budgets.takeFrom({ limit: 'admissionRoom', parts: [room] }, nowMs))
    return this.take(takes, 'admission', nowMs)
  }

  refused(origin: Origin, nowMs: number): void {
    if (origin.kind === 'local') return
    const parts = [peerOf(origin)]
    const charge = this.budgets.takeFrom({ limit: 'attempts', parts }, nowMs)
    this.options.store.charge([charge], nowMs)
  }

  renew(settings: LimitSettings): void {
    this.budgets = this.budgetsOf(settings)
  }

  explain(
    climber: Climber,
    nowMs: number,
    tier: SenderTier = 'identified',
  ): Eventually<readonly RungView[]> {
    const { store } = this.options
    return explainLadder({ climber, tier, nowMs, budgets: this.budgets, store })
  }

  refusals() {
    const { enforce, shadow } = this.counts
    return { enforced: Object.fromEntries(enforce), shadow: Object.fromEntries(shadow) }
  }

  settings(): LimitSettings {
    return this.budgets.settings
  }

  store(): BucketStoreState {
    return this.options.store.state()
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.options.store[Symbol.asyncDispose]()
  }

  private budgetsOf(settings: LimitSettings) {
    const { keys, standingOf = () => 1 as const, divisorOf = () => 1 } = this.options
    return createBudgets(settings, { keys, standingOf, divisorOf })
  }

  /** A look at what refusals have left of a peer's attempts; none for our own delivery service. */
  private attempts(origin: Origin, nowMs: number): BudgetTake | undefined {
    if (origin.kind === 'local') return undefined
    return this.budgets.takeFrom(
      { limit: 'attempts', parts: [peerOf(origin)], isPeek: true },
      nowMs,
    )
  }

  private takeOf(climber: Climber, limit: LimitName, nowMs: number): BudgetTake | undefined {
    const { operation, bytes } = climber
    const parts = partsOf(climber, limit)
    if (parts === undefined) return undefined
    const units = unitsOf(this.budgets.settings.costs, operation, bytes.length)
    return this.budgets.takeFrom({ limit, parts, units }, nowMs)
  }

  private take(
    takes: readonly BudgetTake[],
    work: LimitedWork,
    nowMs: number,
  ): Eventually<LimitOutcome> {
    if (takes.length === 0) return ALLOWED
    const outcome = this.options.store.take(takes, nowMs)
    if (isPending(outcome)) return outcome.then((later) => this.judge(takes, work, later))
    return this.judge(takes, work, outcome)
  }

  private judge(
    takes: readonly BudgetTake[],
    work: LimitedWork,
    outcome: TakeOutcome,
  ): LimitOutcome {
    if (outcome.kind === 'taken') {
      const { low, shadowed } = outcome
      for (const index of shadowed ?? []) this.count(work, takes[index]?.limit, 'shadow')
      const standings = low === undefined ? undefined : standingsOf(takes, low)
      return standings === undefined ? ALLOWED : { kind: 'allowed', standings }
    }
    const limiting = takes[outcome.index]
    if (limiting === undefined) return ALLOWED
    this.count(work, limiting.limit, 'enforce')
    const { limit, isTold } = limiting
    if (!isTold) return { kind: 'limited', limit, retryAfterMs: worstWaitMs(limiting) }
    const standings = [standingOfLimit(limiting, outcome.left)]
    return { kind: 'limited', limit, retryAfterMs: outcome.retryAfterMs, standings }
  }

  private count(work: LimitedWork, limit: LimitName | undefined, mode: LimitMode): void {
    if (limit === undefined) return
    const counts = this.counts[mode]
    counts.set(limit, (counts.get(limit) ?? 0) + 1)
    this.options.onLimited?.(work, limit, mode)
  }
}

const ALLOWED: LimitOutcome = Object.freeze({ kind: 'allowed' })
/** Stands for all clients that bring a token themselves; no domain is spelled like it. */
const CLIENTS = '*'
