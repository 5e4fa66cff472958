import { isPending, type Eventually } from '../model/eventually.ts'
import type { SenderTier } from '../model/sender-tier.ts'
import type { BucketStore } from './bucket-store.ts'
import type { BudgetTake, Budgets } from './budgets.ts'
import { unitsOf } from './costs.ts'
import { intervalMs } from './gcra.ts'
import { isForPeersOnly, limitsOf, partsOf, peerOf, type Climber } from './ladder.ts'
import type { LimitMode, LimitName } from './limits.ts'

/** One rung as it stands now. */
export interface RungView {
  readonly limit: LimitName
  readonly mode: LimitMode
  /** `unknown`: the question does not say whose bucket it is. */
  readonly verdict: 'allows' | 'limits' | 'unknown'
  /** What the exchange takes; 0 where it only looks. */
  readonly cost: number
  readonly perSecond: number
  readonly burst: number
  /** In units. */
  readonly left?: number
  /** 0 where it allows. */
  readonly retryAfterMs?: number
}

interface Question {
  readonly climber: Climber
  readonly tier: SenderTier
  readonly nowMs: number
  readonly budgets: Budgets
  readonly store: BucketStore
}

/** The rungs of an exchange in their order, each with what it says; a refusal of one would leave all as they are. */
export function explainLadder(question: Question): Eventually<readonly RungView[]> {
  const { climber, tier, nowMs, budgets, store } = question
  const { origin, operation, bytes } = climber
  const units = unitsOf(budgets.settings.costs, operation, bytes.length)
  const rungs = limitsOf(operation, tier)
    .filter((limit) => origin.kind === 'peer' || !isForPeersOnly(limit))
    .map((limit) => {
      const parts = partsOf(climber, limit)
      return { limit, take: parts && budgets.takeFrom({ limit, parts, units }, nowMs) }
    })
  if (origin.kind === 'peer') {
    const attempts = { limit: 'attempts', parts: [peerOf(origin)], isPeek: true } as const
    rungs.push({ limit: 'attempts', take: budgets.takeFrom(attempts, nowMs) })
  }
  const known = rungs.flatMap(({ take }) => take ?? [])
  const lefts = store.look(known, nowMs)
  const viewsOf = (left: readonly number[]): readonly RungView[] =>
    rungs.map(({ limit, take }) =>
      take === undefined ? unknownRung(limit, budgets) : rungView(take, left[known.indexOf(take)]),
    )
  return isPending(lefts) ? lefts.then(viewsOf) : viewsOf(lefts)
}

function rungView(take: BudgetTake, left = 0): RungView {
  const { limit, rate, mode, isShadow } = take
  const cost = Math.min(take.cost, rate.burst)
  const missing = Math.max(0, cost - left)
  const retryAfterMs = Math.ceil(missing * intervalMs(rate) - ROUNDING_MS)
  return {
    limit,
    mode: isShadow ? 'shadow' : 'enforce',
    verdict: retryAfterMs > 0 ? 'limits' : 'allows',
    cost: mode === 'peek' ? 0 : cost,
    perSecond: rate.perSecond,
    burst: rate.burst,
    left,
    retryAfterMs: Math.max(0, retryAfterMs),
  }
}

function unknownRung(limit: LimitName, { settings }: Budgets): RungView {
  const { mode, cost, perSecond, burst } = settings.limits[limit]
  return { limit, mode, verdict: 'unknown', cost, perSecond, burst }
}

/** As the decision has it. */
const ROUNDING_MS = 0.5
